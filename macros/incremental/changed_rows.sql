{% macro changed_rows(relation, tide) -%}
    {#-
        A subquery: the row versions of a relation that were written or replaced by transactions which the
        last build's watermark had not seen.

        A raw table, also when asked for by its staging view (whose derived columns are not there: a scope
        needs only keys): its new versions carry their transaction, its old ones are in ops.changes.
        A model: both are in ops.changes.
    -#}
    {%- set raw = raw_table(relation) -%}
    {%- set unseen = "c.xid >= " ~ tide.xmin ~ " and not pg_visible_in_snapshot(c.xid::text::xid8, '"
        ~ tide.seen ~ "'::pg_snapshot)" -%}
    (
        {%- if raw %}
        select r.*
        from {{ raw }} as r
        where {{ unseen | replace('c.xid', 'r._xid') }}
        union all
        {%- endif %}
        select r.*
        from ops.changes as c
        cross join lateral jsonb_populate_record(null::{{ raw or relation }}, c.row_image) as r
        where c.relation = '{{ relation_name(raw or relation) }}' and {{ unseen }}
    )
{%- endmacro %}


{% macro raw_table(relation) -%}
    {#- The raw table itself, or the one behind a staging view; none for a model. -#}
    {%- for source in graph.sources.values() -%}
        {%- if source.schema == relation.schema and source.identifier == relation.identifier -%}
            {{- return(relation) -}}
        {%- endif -%}
    {%- endfor -%}
    {%- for node in graph.nodes.values() -%}
        {%- if node.schema == relation.schema and node.alias == relation.identifier
            and node.config.materialized == 'view' -%}
            {%- set beneath = upstream(node).tables -%}
            {%- if beneath | length != 1 -%}
                {%- do exceptions.raise_compiler_error(
                    model.name ~ ': changed() of the view ' ~ node.name ~ ', which reads ' ~ beneath | length
                    ~ ' tables; ask for the changes of each of them'
                ) -%}
            {%- endif -%}
            {{- return(beneath[0]) -}}
        {%- endif -%}
    {%- endfor -%}
    {{- return(none) -}}
{%- endmacro %}
