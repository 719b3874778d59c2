{% macro iso_time(time, zone_mark='Z') -%}
    {#- A time as ISO text in UTC to the microsecond, which PostgreSQL reads as the same time, before the year 1 as well. -#}
    to_char({{ time }} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"{{ zone_mark }}"')
    || case when {{ time }} < '0001-01-01 00:00:00+00' then ' BC' else '' end
{%- endmacro %}
