{% macro bucket_start(unit, column) -%}
    {#- The start of a timestamptz's minute, hour, day, week or month in the reporting time zone. An hour
        that clocks repeat is two: date_trunc keeps the offset of units below a day.

        In UTC all but months are equally long, and date_bin gives the same for next to nothing: date_trunc with a
        zone takes 130 ns, an eighth of counting an event. Its origin is a Monday; from an earlier year the latest
        times would overflow. For months date_trunc without a zone takes a third of that. -#}
    {%- set strides = {'minute': '1 minute', 'hour': '1 hour', 'day': '1 day', 'week': '7 days'} -%}
    {%- if var('reporting_timezone') == 'UTC' and unit in strides -%}
        date_bin('{{ strides[unit] }}', {{ column }}, timestamptz '2000-01-03 00:00:00+00')
    {%- elif var('reporting_timezone') == 'UTC' -%}
        date_trunc('{{ unit }}', ({{ column }}) at time zone interval '0') at time zone interval '0'
    {%- else -%}
        date_trunc('{{ unit }}', {{ column }}, '{{ var("reporting_timezone") }}')
    {%- endif -%}
{%- endmacro %}
