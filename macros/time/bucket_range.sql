{% macro bucket_range(unit, bucket) -%}
    {#- A range of time that holds all of the bucket that starts at `bucket`, and for units from a day on some
        hours more: they have no fixed length, and where clocks go back over midnight a date begins before
        its midnight. -#}
    {%- set margins = {
        'minute': ('0', '1 minute'), 'hour': ('0', '1 hour'), 'day': ('3 hours', '28 hours'),
        'week': ('3 hours', '172 hours'), 'month': ('3 hours', '748 hours'),
    }[unit] -%}
    tstzrange({{ bucket }} - interval '{{ margins[0] }}', {{ bucket }} + interval '{{ margins[1] }}')
{%- endmacro %}
