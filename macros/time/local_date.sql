{% macro local_date(column) -%}
    ({{ column }} at time zone '{{ var("reporting_timezone") }}')::date
{%- endmacro %}
