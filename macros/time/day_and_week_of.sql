{% macro day_and_week_of(time) -%}
    {#- A table (period, starts_at) of the day and the week (from Monday) that a time belongs to, each by the instant
        with which it begins in the reporting time zone. To be joined laterally. -#}
    (
        values
        ('day', {{ bucket_start('day', time) }}),
        ('week', {{ bucket_start('week', time) }})
    )
{%- endmacro %}
