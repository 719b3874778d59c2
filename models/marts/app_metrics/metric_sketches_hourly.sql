{{
    config(
        unique_key=['name', 'period_start', 'tags'],
        meta={'refresh': {'batch': 'week', 'frozen_by': {'column': 'period_start', 'unit': 'hour'}}},
    )
}}

{% set affected %}
    select
        p.name,
        {{ bucket_start('hour', 'p.recorded_at') }} as period_start,
        ops.series_tags(p.tags) as tags
    from {{ changed(ref('stg_app_metrics__points')) }} as p
    where {{ measured('p.recorded_at', 'p.value') }}
{% endset %}

with

{{ scope(affected) }},

touched_names as (
    select
        name,
        range_agg(
            tstzrange(period_start, {{ later('period_start', "interval '1 hour'") }})
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

-- Materialized: the planner cannot know how many rows a span leaves, and read the spans of a metric
-- again for each of its series.
points as materialized (
    select
        name,
        {{ bucket_start('hour', 'recorded_at') }} as period_start,
        tags,
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

-- In order of the values, so that a sum does not depend on the order in which points came.
buckets as (
    select
        s.series_number,
        p.period_start,
        -- What is nearer to 0 has no bucket of its own.
        case when abs(p.value) < 1e-300 then 0 else sign(p.value) end as sign,
        case when abs(p.value) >= 1e-300 then ops.sketch_bucket(p.value) end as bucket,
        count(*) as count,
        sum(p.value order by p.value) as sum,
        min(p.value) as min,
        max(p.value) as max
    from points as p
    inner join series as s on p.name = s.name and p.tags = s.tags
    where {{ in_scope('p.name', 'p.period_start', 'p.tags') }}
    group by s.series_number, p.period_start, sign, bucket
),

sketches as (
    select
        series_number,
        period_start,
        sum(count)::bigint as count,
        sum(sum order by sign, bucket) as sum,
        min(min) as min,
        max(max) as max,
        coalesce(sum(count) filter (where sign = 0), 0)::bigint as zero_count,
        coalesce(array_agg(bucket order by bucket) filter (where sign = 1), '{}')
            as positive_buckets,
        coalesce(array_agg(count order by bucket) filter (where sign = 1), '{}')
            as positive_counts,
        coalesce(array_agg(bucket order by bucket) filter (where sign = -1), '{}')
            as negative_buckets,
        coalesce(array_agg(count order by bucket) filter (where sign = -1), '{}')
            as negative_counts
    from buckets
    group by series_number, period_start
),

final as (
    select
        s.name,
        sketch.period_start,
        s.tags,
        sketch.count,
        sketch.sum,
        sketch.min,
        sketch.max,
        sketch.zero_count,
        sketch.positive_buckets,
        sketch.positive_counts,
        sketch.negative_buckets,
        sketch.negative_counts
    from sketches as sketch
    inner join series as s on sketch.series_number = s.series_number
)

select *
from final
