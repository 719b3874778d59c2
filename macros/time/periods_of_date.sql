{% macro periods_of_date(date) -%}
    {#- A table (period, period_start, last_date) of the day, week (from Monday) and month that a date
        belongs to. To be joined laterally. -#}
    (
        values
        ('day', {{ date }}, {{ date }}),
        ('week', {{ week_start(date) }}, {{ week_start(date) }} + 6),
        (
            'month',
            {{ month_start(date) }},
            -- The month after it began some days before the 32nd.
            ({{ month_start(date) }}) + 31 - extract(day from ({{ month_start(date) }}) + 31)::integer
        )
    )
{%- endmacro %}
