{{ config(unique_key=['date', 'environment']) }}

{% set affected %}
    select
        s.started_date as date,
        s.environment
    from {{ changed(ref('product_sessions')) }} as s
{% endset %}

with

{{ scope(affected) }},

sessions as (
    select *
    from {{ ref('product_sessions') }}
    where {{ in_scope('started_date as date', 'environment') }}
),

totals as (
    select
        started_date as date,
        environment,
        count(*) as sessions,
        count(distinct user_id) as users,
        sum(event_count)::bigint as total_events,
        sum(duration_seconds) as total_duration_seconds,
        count(*) filter (where is_bounce) as bounces,
        -- percentile_cont would make doubles of them.
        array_agg(duration_seconds order by duration_seconds) as durations
    from sessions
    group by started_date, environment
),

final as (
    select
        date,
        environment,
        sessions,
        users,
        total_events,
        total_duration_seconds,
        total_duration_seconds / sessions as avg_duration_seconds,
        (durations[(sessions + 1) / 2] + durations[sessions / 2 + 1]) / 2
            as median_duration_seconds,
        bounces,
        bounces::numeric / sessions as bounce_rate,
        total_events::numeric / sessions as events_per_session
    from totals
)

select *
from final
