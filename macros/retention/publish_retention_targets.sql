{% macro publish_retention_targets() -%}
    {#-
        Before a build, whose tests judge the policy by it: what `tidemark retention` has to know of the
        project, so that it needs no dbt. For each raw table, which models read it and which of those could
        not keep what it would lose; for each mart whose rows may expire, its column of time too.
    -#}
    {%- if execute and flags.WHICH in ('build', 'run') -%}
        {%- set targets = {} -%}
        {%- for source in graph.sources.values() if source.schema == 'raw' -%}
            {%- do targets.update({source.schema ~ '.' ~ source.identifier: {
                'is_raw': true, 'column': none, 'only_where': none, 'readers': [], 'unfit': [], 'days': 0,
            }}) -%}
        {%- endfor -%}
        {%- set models = [] -%}
        {%- for node in graph.nodes.values()
            if node.resource_type == 'model' and node.config.materialized == 'tidemark_incremental' -%}
            {%- do models.append(node) -%}
            {%- set frozen_by = refresh_options(node).get('frozen_by', {}) -%}
            {%- if node.access == 'public' and frozen_by.get('column')
                and (not frozen_by.get('units') or frozen_by.get('expires')) -%}
                {%- do targets.update({node.schema ~ '.' ~ node.alias: {
                    'is_raw': false,
                    'column': frozen_by.column,
                    'only_where': (frozen_by.unit_column ~ " = '" ~ frozen_by.expires ~ "'")
                        if frozen_by.get('expires') else none,
                    'readers': [], 'unfit': [], 'days': 0,
                }}) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- for node in models -%}
            {%- for table in upstream(node).tables | map('string') | unique -%}
                {%- set parts = table.replace('"', '').split('.') -%}
                {%- set target = targets.get(parts[1] ~ '.' ~ parts[2]) -%}
                {%- if target -%}
                    {%- set name = node.schema ~ '.' ~ node.alias -%}
                    {%- do target.readers.append(name) -%}
                    {%- set days = refresh_options(node).get('lookback_days') -%}
                    {%- if not refresh_options(node).get('frozen_by') and days is none -%}
                        {%- do target.unfit.append(name) -%}
                    {%- endif -%}
                    {%- do target.update({'days': [target.days, days or 0] | max}) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor %}
        -- One build at a time: of two at once the second would not see what the first has written.
        select pg_advisory_xact_lock(hashtextextended('tidemark ops.retention_targets', 0));
        delete from ops.retention_targets;
        insert into ops.retention_targets
            (relation, is_raw, time_column, only_where, readers, unfit_readers, reads_back_days)
        values
        {%- for relation, target in targets.items() %}
        (
            '{{ relation }}', {{ target.is_raw }},
            {{ "'" ~ target.column ~ "'" if target.column else 'null' }},
            {{ dbt.string_literal(target.only_where | replace("'", "''")) if target.only_where else 'null' }},
            {{ text_array(target.readers) }}, {{ text_array(target.unfit) }}, {{ target.days }}
        ){{ ',' if not loop.last }}
        {%- endfor %}
    {%- endif -%}
{%- endmacro %}
