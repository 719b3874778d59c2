{% macro local_date(column) -%}
    {#- The date of a timestamptz in the reporting time zone, whatever the session's zone is. -#}
    ({{ column }} at time zone '{{ var("reporting_timezone") }}')::date
{%- endmacro %}
