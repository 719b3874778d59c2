{% macro days_between(from_at, to_at) -%}
    {#- How many days lie between two times, with their fractions. -#}
    extract(epoch from {{ to_at }} - {{ from_at }}) / 86400
{%- endmacro %}
