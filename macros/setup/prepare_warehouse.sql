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


{% macro settle_raw() -%}
    {#- Says what it found: models are computed whole then, which nobody asked for. -#}
    {%- call statement('settle_raw', fetch_result=true, auto_begin=true) -%}
        select ops.settle_clock(), ops.mend_guards()
    {%- endcall -%}
    {%- do adapter.commit() -%}
    {%- set found = load_result('settle_raw').data[0] -%}
    {%- if found[0] == 'moved' -%}
        {%- do exceptions.warn('this database was restored from a dump: every model is computed whole, once') -%}
    {%- endif -%}
    {%- for fault in found[1] -%}
        {%- do exceptions.warn(fault ~ ' (mended; what reads it is computed whole, once)') -%}
    {%- endfor -%}
{%- endmacro %}


{% macro ensure_partitions() -%}
    {#- A hundred at once and each in a transaction of its own: they hold a dozen locks each. -#}
    {%- set progress = namespace(added=1) -%}
    {%- for _ in range(1000) -%}
        {%- if progress.added -%}
            {%- call statement('ensure_partitions', fetch_result=true, auto_begin=true) -%}
                select ops.ensure_partitions()
            {%- endcall -%}
            {%- do adapter.commit() -%}
            {%- set progress.added = load_result('ensure_partitions').data[0][0] -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
