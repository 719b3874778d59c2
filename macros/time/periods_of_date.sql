{% macro periods_of_date(date) -%}
    {#- A table (period, period_start, last_date) of the day, week (from Monday) and month that a date
        belongs to. To be joined laterally. -#}
    (
        values
        ('day', {{ date }}, {{ date }}),
        (
            'week',
            date_trunc('week', {{ date }}::timestamp)::date,
            (date_trunc('week', {{ date }}::timestamp) + interval '6 days')::date
        ),
        (
            'month',
            date_trunc('month', {{ date }}::timestamp)::date,
            (date_trunc('month', {{ date }}::timestamp) + interval '1 month - 1 day')::date
        )
    )
{%- endmacro %}
