{% macro moments_of(visit, period) -%}
    {#-
        A function call for a lateral join: moments that meet every bucket of a period that a visit,
        which lies within one date, has an event in. Only buckets of an hour can be several.

        visit: the alias of a row with started_at and ended_at.
        period: the column that names the period.
    -#}
    unnest(
        array(
            select generate_series(
                {{ visit }}.started_at,
                case {{ period }} when 'hour' then {{ visit }}.ended_at else {{ visit }}.started_at end,
                interval '15 minutes'
            )
        ) || {{ visit }}.ended_at
    )
{%- endmacro %}
