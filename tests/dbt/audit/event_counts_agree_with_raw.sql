-- The audit reads everything, which no build does:
--     dbt test --select tag:audit --vars 'audit: true'
-- Here: every grain counts each event once.
{{ config(enabled=var('audit', false), tags=['audit'], group='product') }}

with

raw_events as (
    select count(*) as event_count
    from {{ ref('int_events__attributed') }}
),

counted as (
    select
        'event_counts_minute' as mart,
        coalesce(sum(event_count), 0) as event_count
    from {{ ref('event_counts_minute') }}
    union all
    select
        'event_counts_hourly' as mart,
        coalesce(sum(event_count), 0) as event_count
    from {{ ref('event_counts_hourly') }}
    union all
    select
        'event_counts_daily' as mart,
        coalesce(sum(event_count), 0) as event_count
    from {{ ref('event_counts_daily') }}
    union all
    select
        'event_counts_weekly' as mart,
        coalesce(sum(event_count), 0) as event_count
    from {{ ref('event_counts_weekly') }}
    union all
    select
        'event_counts_monthly' as mart,
        coalesce(sum(event_count), 0) as event_count
    from {{ ref('event_counts_monthly') }}
)

select
    counted.mart,
    counted.event_count,
    raw_events.event_count as raw_event_count
from counted
cross join raw_events
where counted.event_count <> raw_events.event_count
