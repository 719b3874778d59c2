{% macro refuse_changed_buckets() -%}
    {#- Before a build: once raw rows are archived, their buckets cannot be cut again. A zone or session
        timeout other than the one they were made with is refused. -#}
    {%- set last = run_query(
        "select reporting_timezone, session_timeout_minutes::text as session_timeout_minutes from ops.build_settings"
        ~ " where exists (select from ops.sealed_periods where reopened_at is null)"
    ).rows -%}
    {%- if last -%}
        {%- for name in ['reporting_timezone', 'session_timeout_minutes'] -%}
            {%- if last[0][name] | string != var(name) | string -%}
                {%- do exceptions.raise_compiler_error(
                    'the var ' ~ name ~ ' is ' ~ var(name) ~ ', but buckets whose raw rows are archived were made with '
                    ~ last[0][name] ~ ': set it back, or bring the raw rows back with `tidemark restore`'
                ) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
