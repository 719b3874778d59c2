{% macro closed_intervention_statuses() -%}
    {#- The statuses in which an intervention is over, as a PostgreSQL array of text. -#}
    {%- set statuses = var('closed_intervention_statuses') -%}
    {{ text_array([statuses] if statuses is string else statuses) }}
{%- endmacro %}
