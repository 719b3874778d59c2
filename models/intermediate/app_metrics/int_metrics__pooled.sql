{{
    config(
        unique_key=['name', 'period', 'period_start'],
        meta={'refresh': {'frozen_by': {
            'column': 'period_start', 'unit_column': 'period', 'units': {'day': 'day', 'week': 'week'},
        }}},
    )
}}

{% set affected %}
    select
        p.name,
        of_date.period,
        of_date.period_start
    from {{ changed(ref('stg_app_metrics__points')) }} as p
    cross join
        lateral {{ days_and_weeks_of(local_date('p.recorded_at')) }}
            as of_date (period, period_start)
    where {{ measured('p.recorded_at', 'p.value') }}
{% endset %}

with

{{ scope(affected) }},

-- Clocks that go back around midnight make a date longer than from its start to the next one's.
touched_names as (
    select
        name,
        range_agg(
            tstzrange(
                {{ date_start('period_start') }} - interval '3 hours',
                {{ date_start('period_start + ' ~ days_of_period('period')) }}
                + interval '3 hours'
            )
        ) as spans
    from scope
    group by name
),

-- A narrowed build reads these only, by reached().
touched_spans as (  -- noqa: ST03
    select
        touched.name,
        lower(span) as from_at,
        upper(span) as to_at
    from touched_names as touched
    cross join unnest(touched.spans) as span
),

points as materialized (
    select
        name,
        {{ local_date('recorded_at') }} as date,
        value
    from {{ reached(
        ref('stg_app_metrics__points'), 'name', 'recorded_at', 'touched_spans', each=true
    ) }}
    where {{ measured('recorded_at', 'value') }}
),

points_of_periods as materialized (
    select
        p.name,
        of_date.period,
        of_date.period_start,
        p.value
    from points as p
    cross join lateral {{ days_and_weeks_of('p.date') }} as of_date (period, period_start)
),

final as (
    select
        name,
        period,
        period_start,
        count(*) as count,
        avg(value order by value) as avg,
        percentile_cont(0.99) within group (order by value) as p99
    from points_of_periods
    where {{ in_scope('name', 'period', 'period_start') }}
    group by name, period, period_start
)

select *
from final
