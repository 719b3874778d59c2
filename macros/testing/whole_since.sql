{% macro whole_since(mart, unit) -%}
    {#-
        Since when each bucket of a product mart can be compared with raw events: behind all sealed time.
    -#}
    coalesce(
        (
            select max(s.to_at)
            from ops.sealed_spans(
                array['raw.events', 'marts.' || {{ mart }}], array[{{ unit }}], '{{ var("reporting_timezone") }}'
            ) as s
        ),
        '-infinity'
    )
{%- endmacro %}
