{% macro as_of_this_run() -%}
    {#- The instant itself, as a literal. -#}
    timestamptz '{{ var("as_of") or run_started_at.isoformat() }}'
{%- endmacro %}
