{% macro periods_of(time) -%}
    {#- Two columns, period_type and period_start, and a row for each of the hour, day, week and month that
        a time belongs to, in the reporting time zone. In the list of a select the planner cannot take
        them apart: as a lateral join it joined each point with all periods of its series first. -#}
    unnest(array['hourly', 'daily', 'weekly', 'monthly']) as period_type,
        unnest(array[
            {{ bucket_start('hour', time) }},
            {{ bucket_start('day', time) }},
            {{ bucket_start('week', time) }},
            {{ bucket_start('month', time) }}
        ]) as period_start
{%- endmacro %}
