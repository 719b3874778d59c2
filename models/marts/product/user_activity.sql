{{ config(unique_key=['environment', 'user_id', 'date']) }}

{% set affected %}
    select
        v.environment,
        v.user_id,
        v.date
    from {{ changed(ref('int_visits__attributed')) }} as v
    union all
    select
        s.environment,
        s.user_id,
        s.started_date as date
    from {{ changed(ref('product_sessions')) }} as s
{% endset %}

with

{{ scope(affected) }},

visits as (
    select *
    from {{ ref('int_visits__attributed') }}
    where {{ in_scope('environment', 'user_id', 'date') }}
),

sessions as (
    select
        environment,
        user_id,
        started_date as date,
        count(*) as session_count,
        sum(duration_ms) as total_duration_ms
    from {{ ref('product_sessions') }}
    where {{ in_scope('environment', 'user_id', 'started_date as date') }}
    group by environment, user_id, started_date
),

days as (
    select
        environment,
        user_id,
        date,
        sum(event_count)::bigint as event_count,
        min(started_at) as first_seen_at,
        max(ended_at) as last_seen_at
    from visits
    group by environment, user_id, date
),

names as (
    select
        visit.environment,
        visit.user_id,
        visit.date,
        named.event_name,
        sum(named.number::bigint)::bigint as event_count
    from visits as visit
    cross join jsonb_each_text(visit.events_breakdown) as named (event_name, number)
    group by visit.environment, visit.user_id, visit.date, named.event_name
),

breakdowns as (
    select
        environment,
        user_id,
        date,
        jsonb_object_agg(event_name, event_count) as events_breakdown
    from names
    group by environment, user_id, date
),

final as (
    select
        d.environment,
        d.user_id,
        d.date,
        coalesce(s.session_count, 0) as session_count,
        coalesce(s.total_duration_ms, 0) as total_duration_ms,
        d.event_count,
        d.first_seen_at,
        d.last_seen_at,
        b.events_breakdown
    from days as d
    inner join breakdowns as b
        on d.environment = b.environment and d.user_id = b.user_id and d.date = b.date
    left join sessions as s
        on d.environment = s.environment and d.user_id = s.user_id and d.date = s.date
)

select *
from final
