{{
    config(
        unique_key=['name', 'period_type', 'period_start', 'tags'],
        meta={'refresh': {'frozen_by': {
            'column': 'period_start',
            'unit_column': 'period_type',
            'units': {'hourly': 'hour', 'daily': 'day', 'weekly': 'week', 'monthly': 'month'},
            'expires': 'hourly',
        }}},
    )
}}

{% set affected %}
    select
        p.name,
        {{ periods_of('p.recorded_at') }},
        ops.series_tags(p.tags) as tags
    from {{ changed(ref('stg_app_metrics__points')) }} as p
    where {{ measured('p.recorded_at', 'p.value') }}
{% endset %}

with

{{ scope(affected) }},

touched_names as (
    -- Days, weeks and months have no fixed length: so many hours after one's start the next has
    -- begun.
    select
        name,
        range_agg(tstzrange(
            period_start,
            case period_type
                when 'hourly' then {{ later('period_start', "interval '1 hour'") }}
                when 'daily' then {{ later('period_start', "interval '28 hours'") }}
                when 'weekly' then {{ later('period_start', "interval '172 hours'") }}
                else {{ later('period_start', "interval '768 hours'") }}
            end
        )) as spans
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

-- Materialized: the planner cannot know how many rows a span or a JSON condition
-- leaves, and read a month again for each series of its metric.
points as materialized (
    select
        name,
        tags,
        recorded_at,
        point_id,
        metric_type,
        unit,
        value
    from {{ reached(
        ref('stg_app_metrics__points'), 'name', 'recorded_at', 'touched_spans', each=true
    ) }}
    where {{ measured('recorded_at', 'value') }}
),

-- Numbers in place of names and tags: sorting by JSON cost half as much again.
series as (
    select
        name,
        tags,
        row_number() over () as series_number
    from points
    where {{ in_scope('name', 'tags') }}
    group by name, tags
),

reached_periods as (  -- noqa: ST03
    select
        s.series_number,
        scope.period_type,
        scope.period_start
    from scope
    inner join series as s on scope.name = s.name and scope.tags = s.tags
),

points_of_periods as (
    select
        s.series_number,
        {{ periods_of('p.recorded_at') }},
        p.recorded_at,
        p.point_id,
        p.metric_type,
        p.unit,
        p.value
    from points as p
    inner join series as s on p.name = s.name and p.tags = s.tags
),

-- Sums go in the order of the values, so that they do not depend on the order in which points came.
measures as (
    select
        series_number,
        period_type,
        period_start,
        array_agg(array[metric_type, unit] order by recorded_at desc, point_id desc) as latest,
        count(*) as count,
        sum(value order by value) as sum,
        min(value) as min,
        max(value) as max,
        avg(value order by value) as avg,
        percentile_cont(array[0.5, 0.9, 0.99]) within group (order by value) as percentiles
    from points_of_periods
    where {{ in_scope('series_number', 'period_type', 'period_start', of='reached_periods') }}
    group by series_number, period_type, period_start
),

final as (
    select
        s.name,
        m.period_type,
        m.period_start,
        s.tags,
        m.latest[1][1] as metric_type,
        m.latest[1][2] as unit,
        m.count,
        m.sum,
        m.min,
        m.max,
        m.avg,
        m.percentiles[1] as p50,
        m.percentiles[2] as p90,
        m.percentiles[3] as p99
    from measures as m
    inner join series as s on m.series_number = s.series_number
)

select *
from final
