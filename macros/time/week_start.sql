{% macro week_start(date) -%}
    {#- The Monday of a date's week. -#}
    (({{ date }}) - (extract(isodow from {{ date }})::integer - 1))
{%- endmacro %}
