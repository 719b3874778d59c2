{% macro date_start(column) -%}
    {#- The instant at which a date begins in the reporting time zone. Where clocks go back over midnight
        it may be the second of two: a range from it to the next date's start needs some hours more. At the ends of
        the type it is an infinite time. -#}
    case
        when {{ column }} > date '294276-12-31' then 'infinity'
        when {{ column }} <= date '4714-11-24 BC' then '-infinity'
        else ({{ column }})::timestamp at time zone '{{ var("reporting_timezone") }}'
    end
{%- endmacro %}
