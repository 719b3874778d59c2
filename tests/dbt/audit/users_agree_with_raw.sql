-- The audit reads everything, which no build does:
--     dbt test --select tag:audit --vars 'audit: true'
-- Here: distinct users of names and months, and of days, however the marts came to them; since the
-- time of which raw is whole.
{{ config(enabled=var('audit', false), tags=['audit'], group='product') }}

with

raw_months as (
    select
        {{ bucket_start('month', 'event_at') }} as bucket_start,
        environment,
        event_name,
        count(distinct user_id) as unique_users
    from {{ ref('int_events__attributed') }}
    where event_at >= {{ whole_since("'event_counts_monthly'", "'month'") }}
    group by {{ bucket_start('month', 'event_at') }}, environment, event_name
),

raw_days as (
    select
        {{ local_date('event_at') }} as date,
        environment,
        count(distinct user_id) as user_count
    from {{ ref('int_events__attributed') }}
    where event_at >= {{ whole_since("'daily_active_users'", "'day'") }}
    group by {{ local_date('event_at') }}, environment
),

active_days as (
    select
        date,
        environment,
        user_count
    from {{ ref('daily_active_users') }}
    where
        user_count > 0
        and date >= {{ local_date(whole_since("'daily_active_users'", "'day'")) }}
),

months as (
    select *
    from {{ ref('event_counts_monthly') }}
    where bucket_start >= {{ whole_since("'event_counts_monthly'", "'month'") }}
)

select
    'event_counts_monthly' as mart,
    coalesce(m.bucket_start, r.bucket_start)::text as bucket,
    coalesce(m.environment, r.environment) as environment,
    coalesce(m.event_name, r.event_name) as event_name,
    m.unique_users,
    r.unique_users as raw_users
from months as m
full outer join raw_months as r
    on
        m.bucket_start = r.bucket_start
        and m.environment = r.environment
        and m.event_name = r.event_name
where m.unique_users is distinct from r.unique_users
union all
select
    'daily_active_users' as mart,
    coalesce(d.date, r.date)::text as bucket,
    coalesce(d.environment, r.environment) as environment,
    null as event_name,
    d.user_count as unique_users,
    r.user_count as raw_users
from active_days as d
full outer join raw_days as r on d.date = r.date and d.environment = r.environment
where d.user_count is distinct from r.user_count
