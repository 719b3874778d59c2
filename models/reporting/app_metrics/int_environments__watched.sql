{{ config(unique_key=['environment', 'period', 'period_start']) }}

{% set affected %}
    with changed_dates as (
        select
            d.environment,
            d.date
        from {{ changed(ref('daily_active_users')) }} as d
        union
        select
            a.environment,
            a.date
        from {{ changed(ref('user_activity')) }} as a
        union
        select
            s.environment,
            s.date
        from {{ changed(ref('session_stats')) }} as s
    )

    select
        c.environment,
        of_date.period,
        of_date.period_start
    from changed_dates as c
    cross join lateral {{ days_and_weeks_of('c.date') }} as of_date (period, period_start)
{% endset %}

with

{{ scope(affected) }},

reached_dates as (  -- noqa: ST03
    select distinct
        scope.environment,
        scope.period_start + later.days as date
    from scope
    cross join
        lateral generate_series(0, {{ days_of_period('scope.period') }} - 1) as later (days)
),

activity as (
    select
        environment,
        date,
        user_id,
        event_count
    from {{ ref('user_activity') }}
    where {{ in_scope('environment', 'date', of='reached_dates') }}
),

sessions as (
    select
        environment,
        date,
        sessions
    from {{ ref('session_stats') }}
    where {{ in_scope('environment', 'date', of='reached_dates') }}
),

-- Every date from the environment's first event to its last: one without events has zeros.
calendar as (
    select
        environment,
        date
    from {{ ref('daily_active_users') }}
    where {{ in_scope('environment', 'date', of='reached_dates') }}
),

all_rows as (
    select
        environment,
        date,
        null as user_id,
        0 as event_count,
        0 as sessions,
        true as is_in_calendar
    from calendar
    union all
    select
        environment,
        date,
        user_id,
        event_count,
        0 as sessions,
        false as is_in_calendar
    from activity
    union all
    select
        environment,
        date,
        null as user_id,
        0 as event_count,
        sessions,
        false as is_in_calendar
    from sessions
),

figures as (
    select
        r.environment,
        of_date.period,
        of_date.period_start,
        sum(r.event_count)::bigint as events,
        count(distinct r.user_id) as active_users,
        sum(r.sessions)::bigint as sessions,
        bool_or(r.is_in_calendar) as is_in_calendar
    from all_rows as r
    cross join lateral {{ days_and_weeks_of('r.date') }} as of_date (period, period_start)
    group by r.environment, of_date.period, of_date.period_start
),

final as (
    select
        environment,
        period,
        period_start,
        events,
        active_users,
        sessions
    from figures
    where
        is_in_calendar
        and {{ in_scope('environment', 'period', 'period_start') }}
)

select *
from final
