{% macro earlier(time, span) -%}
    {#- `later` backwards: the time less the span, -infinity where the type begins. -#}
    case when {{ time }} > timestamptz '4000-01-01 00:00:00+00 BC' then {{ time }} - {{ span }} else '-infinity' end
{%- endmacro %}
