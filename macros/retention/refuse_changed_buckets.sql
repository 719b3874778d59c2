{% macro refuse_changed_buckets() -%}
    {#- Before a build: once raw rows are archived, their buckets cannot be cut again. A zone or session
        timeout other than the one they were made with is refused. -#}
    {%- set settings = run_query(
        "select name, value from ops.settings where name in ('reporting_timezone', 'session_timeout_minutes')"
        ~ " and exists (select from ops.sealed_periods where reopened_at is null)"
    ).rows -%}
    {%- for setting in settings if setting['value'] != var(setting['name']) | string -%}
        {%- do exceptions.raise_compiler_error(
            'the var ' ~ setting['name'] ~ ' is ' ~ var(setting['name']) ~ ', but buckets whose raw rows are archived '
            ~ 'were made with ' ~ setting['value'] ~ ': set it back, or bring the raw rows back with `tidemark restore`'
        ) -%}
    {%- endfor -%}
{%- endmacro %}
