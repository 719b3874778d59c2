{% macro month_start(date) -%}
    {#- The first date of a date's month; the first one of the type where the month begins before it. -#}
    case
        when {{ date }} < date '4714-12-01 BC' then date '4714-11-24 BC'
        else ({{ date }}) - (extract(day from {{ date }})::integer - 1)
    end
{%- endmacro %}
