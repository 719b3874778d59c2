{% macro prepare_warehouse() -%}
    {#- Before a build: this database is the one that the watermarks speak of, what guards raw is in its place, rows that
        landed in default partitions get partitions of their own, new rows can be found without reading others, and the
        zone is written down for the functions of schema api. -#}
    {%- if execute and flags.WHICH in ('build', 'run', 'seed', 'snapshot', 'test') -%}
        {%- do check_made() -%}
    {%- endif -%}
    {%- if execute and flags.WHICH in ('build', 'run') -%}
        {%- do check_clock() -%}
        {%- do refuse_changed_buckets() -%}
        {%- do settle_raw() -%}
        {%- do ensure_partitions() %}
        select
            ops.summarize_new_rows(),
            ops.keep_setting('reporting_timezone', '{{ var("reporting_timezone") }}'),
            ops.keep_setting('session_timeout_minutes', '{{ var("session_timeout_minutes") }}')
    {%- endif -%}
{%- endmacro %}
