{% macro moments_of(visit, period) -%}
    {#-
        A function call for a lateral join: moments that meet every bucket of a period that a visit,
        which lies within one date, has an event in. Only buckets of an hour can be several.
    -#}
    unnest(
        array(
            select {{ visit }}.started_at + quarters * interval '15 minutes'
            from generate_series(
                0,
                case {{ period }}
                    when 'hour'
                        then floor({{ seconds_between(visit ~ '.started_at', visit ~ '.ended_at') }} / 900)::integer
                    else 0
                end
            ) as quarters
        ) || {{ visit }}.ended_at
    )
{%- endmacro %}
