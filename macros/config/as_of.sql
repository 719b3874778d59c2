{% macro as_of() -%}
    {#- Read once a run: `now` of every model is the same instant. -#}
    timestamptz '{{ var("as_of") or run_started_at.isoformat() }}'
{%- endmacro %}
