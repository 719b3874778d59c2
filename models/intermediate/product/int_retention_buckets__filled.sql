{{
    config(
        unique_key=['retention_name', 'distinct_id', 'bucket_start'],
        meta={'refresh': {'frozen_by': {
            'column': 'bucket_start',
            'unit_column': 'period',
            'units': {
                'hour': 'hour', 'day': 'day', 'week': 'week', 'month': 'month', 'quarter': 'quarter'
            },
            'while': '({row}.retention_name, {row}.definition) in (
                select d.retention_name, d.definition from intermediate.int_retentions__defined as d
            )',
        }}},
    )
}}

{% set affected %}
    select
        l.retention_name,
        e.distinct_id,
        {{ bucket_start('l.period', 'e.event_at', is_column=true) }} as bucket_start
    from {{ changed(ref('int_events__counted')) }} as e
    inner join {{ ref('int_retention_events__listed') }} as l
        on
            e.event_name = l.event_name
            or (
                l.event_name = '*'
                and not exists (
                    select
                    from {{ ref('int_retention_events__listed') }} as named
                    where e.event_name = named.event_name
                )
            )
    where
        isfinite(e.event_at)
        and l.environment in (coalesce(e.environment, 'production'), '*')
        and (l.step_mask <> 0 or ops.filtered_mask(l.filtered, e.properties) <> 0)
    union all
    -- An edited retention: every bucket of everybody, of its periods as they are and as they were.
    select
        r.retention_name,
        e.distinct_id,
        {{ bucket_start('r.period', 'e.event_at', is_column=true) }} as bucket_start
    from {{ changed(ref('int_retentions__defined')) }} as r
    cross join {{ changed(ref('int_events__counted')) }} as e
    where isfinite(e.event_at)
    union all
    select
        r.retention_name,
        v.distinct_id,
        {{ bucket_start('r.period', 'moments.at', is_column=true) }} as bucket_start
    from {{ changed(ref('int_retentions__defined')) }} as r
    cross join {{ changed(ref('int_visits__cut')) }} as v
    cross join lateral {{ moments_of('v', 'r.period') }} as moments (at)
    union all
    select
        r.retention_name,
        v.distinct_id,
        {{ bucket_start('r.period', 'moments.at', is_column=true) }} as bucket_start
    from {{ changed(ref('int_retentions__defined')) }} as r
    cross join {{ ref('int_visits__cut') }} as v
    cross join lateral {{ moments_of('v', 'r.period') }} as moments (at)
{% endset %}

with

{{ scope(affected) }},

listed_events as (
    select *
    from {{ ref('int_retention_events__listed') }}
    where {{ in_scope('retention_name') }}
),

listed_names as (
    select distinct event_name
    from listed_events
),

retentions as (
    select *
    from {{ ref('int_retentions__defined') }}
    where {{ in_scope('retention_name') }}
),

buckets as (
    select
        s.distinct_id,
        range_agg(
            tstzrange(s.bucket_start, {{ later('s.bucket_start', longest_span('r.period', 1)) }})
        ) as spans
    from scope as s
    inner join retentions as r on s.retention_name = r.retention_name
    group by s.distinct_id
),

-- A narrowed build reads these only, by reached().
touched_spans as (  -- noqa: ST03
    select
        b.distinct_id,
        lower(span) as from_at,
        upper(span) as to_at
    from buckets as b
    cross join unnest(b.spans) as span
),

events as (
    select *
    from {{ reached(ref('int_events__counted'), 'distinct_id', 'event_at', 'touched_spans') }}
),

-- Every retention in one pass over the events.
events_of_retentions as (
    select
        l.retention_name,
        e.distinct_id,
        {{ bucket_start('l.period', 'e.event_at', is_column=true) }} as bucket_start,
        e.event_at,
        e.event_id,
        left(e.properties ->> l.breakdown_property, 600) as breakdown_value,
        case
            when l.filtered is null then l.step_mask
            else l.step_mask | ops.filtered_mask(l.filtered, e.properties)
        end as step_mask
    from events as e
    left join listed_names as n on e.event_name = n.event_name
    inner join listed_events as l
        on
            l.event_name = coalesce(n.event_name, '*')
            and l.environment in (e.environment, '*')
),

filled_buckets as (
    select
        retention_name,
        distinct_id,
        bucket_start,
        min(event_at) filter (where step_mask & 1 = 1) as first_start_at,
        (
            array_agg(event_id::text order by event_at, event_id)
            filter (where step_mask & 1 = 1)
        )[1] as first_start_event_id,
        (
            array_agg(breakdown_value order by event_at, event_id)
            filter (where step_mask & 1 = 1)
        )[1] as breakdown_value,
        bool_or(step_mask & 2 = 2) as has_returned
    from events_of_retentions
    where
        step_mask <> 0
        and {{ in_scope('retention_name', 'distinct_id', 'bucket_start') }}
    group by retention_name, distinct_id, bucket_start
),

final as (
    select
        b.*,
        r.period,
        r.definition
    from filled_buckets as b
    inner join retentions as r on b.retention_name = r.retention_name
)

select *
from final
