{% macro completed_statuses() -%}
    {#- The statuses in which a feature is completed, as a PostgreSQL array of text. -#}
    {%- set statuses = var('completed_statuses') -%}
    {{ text_array([statuses] if statuses is string else statuses) }}
{%- endmacro %}
