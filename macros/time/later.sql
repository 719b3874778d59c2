{% macro later(time, span) -%}
    {#- A time and a span of at most some years added; infinity where the type ends. Exact before the year 294000:
        beyond it only ranges of time are asked for, which may be too long. -#}
    case when {{ time }} < timestamptz '294000-01-01 00:00:00+00' then {{ time }} + {{ span }} else 'infinity' end
{%- endmacro %}


{% macro earlier(time, span) -%}
    {#- The same back: -infinity where the type begins. -#}
    case when {{ time }} > timestamptz '4000-01-01 00:00:00+00 BC' then {{ time }} - {{ span }} else '-infinity' end
{%- endmacro %}
