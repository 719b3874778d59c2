{% macro prepare_warehouse() -%}
    {#- Before a build: rows that landed in default partitions get partitions of their own, new rows can be found
        without reading others, and the zone is written down for the functions of schema api. -#}
    {%- if execute and flags.WHICH in ('build', 'run') -%}
        {%- if run_query("select to_regclass('ops.watermarks')").rows[0][0] is none -%}
            {%- do exceptions.raise_compiler_error(
                'database ' ~ target.dbname ~ ' has no Tidemark schema yet: run `tidemark up` first'
            ) -%}
        {%- endif -%}
        {%- do refuse_changed_buckets() %}
        select
            ops.ensure_partitions(),
            ops.summarize_new_rows(),
            ops.keep_setting('reporting_timezone', '{{ var("reporting_timezone") }}'),
            ops.keep_setting('session_timeout_minutes', '{{ var("session_timeout_minutes") }}')
    {%- endif -%}
{%- endmacro %}
