{% macro date_start(column) -%}
    {#- The instant at which a date begins in the reporting time zone. Where clocks go back over midnight
        it may be the second of two: a range from it to the next date's start needs some hours more. -#}
    (({{ column }})::timestamp at time zone '{{ var("reporting_timezone") }}')
{%- endmacro %}
