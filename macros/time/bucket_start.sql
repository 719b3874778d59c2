{% macro bucket_start(unit, column) -%}
    {#- The start of a timestamptz's minute, hour, day, week, month or quarter in the reporting time zone. An hour
        that clocks repeat is two: date_trunc keeps the offset of units below a day. A bucket that would begin before
        the type's first time begins with it, and one that would end after its last ends there.

        In UTC all but months are equally long, and date_bin gives the same for next to nothing: date_trunc with a
        zone takes 130 ns, an eighth of counting an event. Its origin is a Monday, as is the type's first day; from an
        earlier year the latest times would overflow. For months date_trunc without a zone takes a third of that. -#}
    {%- set strides = {'minute': '1 minute', 'hour': '1 hour', 'day': '1 day', 'week': '7 days'} -%}
    {%- set zone = var('reporting_timezone') -%}
    {%- if zone == 'UTC' and unit in strides and not kwargs.get('is_column') -%}
        date_bin('{{ strides[unit] }}', {{ column }}, timestamptz '2000-01-03 00:00:00+00')
    {%- else -%}
        {#- From here on a bucket begins within the type. -#}
        {%- set begins_within = {
            'minute': '4714-11-26 00:00:00+00 BC', 'hour': '4714-11-26 00:00:00+00 BC',
            'day': '4714-11-26 00:00:00+00 BC', 'week': '4714-12-03 00:00:00+00 BC',
            'month': '4714-12-01 00:00:00+00 BC' if zone == 'UTC' else '4714-12-03 00:00:00+00 BC',
        } -%}
        case
            when {{ column }} < timestamptz '{{ begins_within.get(unit, '4713-01-03 00:00:00+00 BC') }}'
                then timestamptz '4714-11-24 00:00:00+00 BC'
            {%- if zone == 'UTC' and not kwargs.get('is_column') %}
            else date_trunc('{{ unit }}', ({{ column }}) at time zone interval '0') at time zone interval '0'
            {%- else %}
            else date_trunc(
                {{ unit if kwargs.get('is_column') else "'" ~ unit ~ "'" }},
                least({{ column }}, {{ latest_time() }}),
                '{{ zone }}'
            )
            {%- endif %}
        end
    {%- endif -%}
{%- endmacro %}
