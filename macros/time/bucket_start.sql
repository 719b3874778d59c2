{% macro bucket_start(unit, column) -%}
    {#- The start of a timestamptz's minute, hour, day, week or month in the reporting time zone. An hour
        that clocks repeat is two: date_trunc keeps the offset of units below a day. -#}
    date_trunc('{{ unit }}', {{ column }}, '{{ var("reporting_timezone") }}')
{%- endmacro %}
