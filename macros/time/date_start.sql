{% macro date_start(column) -%}
    {#- The instant at which a date begins in the reporting time zone. Where clocks go back over midnight
        it may be the second of two: a range from it to the next date's start needs some hours more. At the ends of
        the type it is an infinite time; in zones other than UTC the first and the last date are of some days
        (local_date). -#}
    {%- set start = "(" ~ column ~ ")::timestamp at time zone '" ~ var("reporting_timezone") ~ "'" -%}
    case
        when {{ column }} > date '294276-12-31' then 'infinity'
        when {{ column }} <= date '4714-11-24 BC' then '-infinity'
        {%- if var('reporting_timezone') == 'UTC' %}
        else {{ start }}
        {%- else %}
        else least(
            greatest({{ start }}, timestamptz '4714-11-26 00:00:00+00 BC'),
            timestamptz '294276-12-30 00:00:00+00'
        )
        {%- endif %}
    end
{%- endmacro %}
