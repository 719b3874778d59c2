{% macro buckets_between(period, from_start, to_start) -%}
    {#-
        How many buckets of a period (hour, day, week, month, quarter) one bucket lies after another:
        hours by the clock, the others by local dates, so that a day of 25 hours is one.
    -#}
    case {{ period }}
        when 'hour' then least(round({{ seconds_between(from_start, to_start) }} / 3600), 2147483647)::integer
        when 'day' then {{ local_date(to_start) }} - {{ local_date(from_start) }}
        when 'week' then ({{ local_date(to_start) }} - {{ local_date(from_start) }}) / 7
        else (
            (extract(year from {{ local_date(to_start) }}) - extract(year from {{ local_date(from_start) }})) * 12
            + extract(month from {{ local_date(to_start) }}) - extract(month from {{ local_date(from_start) }})
        )::integer / case {{ period }} when 'quarter' then 3 else 1 end
    end
{%- endmacro %}
