{% macro later(time, span) -%}
    {#- The end of a range of time that begins with `time` and lasts for `span`, of at most some years. It may be too
        late: infinity where the type ends, and where it begins the end of all buckets that began before it.
        ops.later is exact. -#}
    case
        when {{ time }} < timestamptz '4000-01-01 00:00:00+00 BC' then timestamptz '3700-01-01 00:00:00+00 BC'
        when {{ time }} < timestamptz '294000-01-01 00:00:00+00' then {{ time }} + {{ span }}
        else 'infinity'
    end
{%- endmacro %}
