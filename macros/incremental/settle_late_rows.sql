{% macro settle_late_rows(tide) -%}
    {#- Lists what this build could not count, and takes from the list what it has folded in. -#}
    {%- if tide.restrained and tide.seen -%}
        {%- set late = {'ranges': []} -%}
        {%- for span in tide.sealed -%}
            {%- do late.ranges.append('["' ~ span.from_at ~ '","' ~ span.to_at ~ '")') -%}
        {%- endfor -%}
        {%- set spans = "'{" ~ late.ranges | join(',') ~ "}'::tstzmultirange" -%}
        {%- call statement('fold_late_rows') -%}
            delete from ops.late_rows as l
            where
                l.model = '{{ tide.name }}'
                and not
                {%- if tide.seals_keys %} exists (
                    select
                    from raw.time_sessions as s
                    inner join ops.sealed_workflows as k on s.instance_id = k.instance_id
                    where s.session_id = l.key
                )
                {%- else %} l.row_time <@ {{ spans }}
                {%- endif %}
        {%- endcall -%}
        {%- for table in upstream(model).tables | unique if table.schema == 'raw' -%}
            {%- if tide.seals_keys or late.ranges -%}
                {%- do run_query(
                    "select ops.note_late_rows('" ~ tide.name ~ "', " ~ text_array(nearest_marts(model)) ~ ", '"
                    ~ relation_name(table) ~ "', '" ~ tide.seen ~ "', "
                    ~ ('null' if tide.seals_keys else spans) ~ ") where exists (select from ops.sealed_periods"
                    ~ " where relation = '" ~ relation_name(table) ~ "')"
                ) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}


{% macro nearest_marts(node) -%}
    {#- The names of the marts that show a model's rows: itself, or the first ones above it. -#}
    {%- if node.config.get('access') == 'public' or node.access == 'public' -%}
        {{- return([node.alias]) -}}
    {%- endif -%}
    {%- set names = [] -%}
    {%- for reader in graph.nodes.values()
        if reader.resource_type == 'model' and node.unique_id in reader.depends_on.nodes -%}
        {%- do names.extend(nearest_marts(reader)) -%}
    {%- endfor -%}
    {{- return(names | unique | sort) -}}
{%- endmacro %}
