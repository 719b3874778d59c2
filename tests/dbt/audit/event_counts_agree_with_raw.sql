-- The audit reads everything, which no build does:
--     dbt test --select tag:audit --vars 'audit: true'
-- Here: every grain counts each event once, since the time of which raw is whole.
{{ config(enabled=var('audit', false), tags=['audit'], group='product') }}

with

grains as (
    select
        g.mart,
        {{ whole_since('g.mart', 'g.unit') }} as whole_since
    from (
        values
        ('event_counts_minute', 'minute'),
        ('event_counts_hourly', 'hour'),
        ('event_counts_daily', 'day'),
        ('event_counts_weekly', 'week'),
        ('event_counts_monthly', 'month')
    ) as g (mart, unit)
),

buckets as (
    select
        'event_counts_minute' as mart,
        bucket_start,
        event_count
    from {{ ref('event_counts_minute') }}
    union all
    select
        'event_counts_hourly' as mart,
        bucket_start,
        event_count
    from {{ ref('event_counts_hourly') }}
    union all
    select
        'event_counts_daily' as mart,
        bucket_start,
        event_count
    from {{ ref('event_counts_daily') }}
    union all
    select
        'event_counts_weekly' as mart,
        bucket_start,
        event_count
    from {{ ref('event_counts_weekly') }}
    union all
    select
        'event_counts_monthly' as mart,
        bucket_start,
        event_count
    from {{ ref('event_counts_monthly') }}
),

counted as (
    select
        g.mart,
        coalesce(sum(b.event_count), 0) as event_count
    from grains as g
    left join buckets as b on g.mart = b.mart and g.whole_since <= b.bucket_start
    group by g.mart
),

raw_events as (
    select
        g.mart,
        count(e.event_at) as event_count
    from grains as g
    left join {{ ref('int_events__attributed') }} as e on g.whole_since <= e.event_at
    group by g.mart
)

select
    counted.mart,
    counted.event_count,
    raw_events.event_count as raw_event_count
from counted
inner join raw_events on counted.mart = raw_events.mart
where counted.event_count <> raw_events.event_count
