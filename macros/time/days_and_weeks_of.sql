{% macro days_and_weeks_of(date) -%}
    {#- A table (period, period_start) of the day and the week (from Monday) that a date belongs to. To be
        joined laterally. -#}
    (
        values
        ('day', {{ date }}),
        ('week', {{ week_start(date) }})
    )
{%- endmacro %}
