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

users_of_periods as (
    select
        a.environment,
        of_date.period,
        of_date.period_start,
        a.user_id,
        sum(a.event_count) as events
    from {{ ref('user_activity') }} as a
    cross join lateral {{ days_and_weeks_of('a.date') }} as of_date (period, period_start)
    -- Apart: see daily_active_users.
    where
        {{ in_scope('a.date', of='reached_dates') }}
        and {{ in_scope('a.environment') }}
    group by a.environment, of_date.period, of_date.period_start, a.user_id
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

days as (
    select
        environment,
        date,
        0 as sessions,
        true as is_in_calendar
    from calendar
    union all
    select
        environment,
        date,
        sessions,
        false as is_in_calendar
    from sessions
),

all_rows as (
    select
        d.environment,
        of_date.period,
        of_date.period_start,
        null as user_id,
        0 as events,
        d.sessions,
        d.is_in_calendar
    from days as d
    cross join lateral {{ days_and_weeks_of('d.date') }} as of_date (period, period_start)
    union all
    select
        environment,
        period,
        period_start,
        user_id,
        events,
        0 as sessions,
        false as is_in_calendar
    from users_of_periods
),

figures as (
    select
        environment,
        period,
        period_start,
        sum(events)::bigint as events,
        count(user_id) as active_users,
        sum(sessions)::bigint as sessions,
        bool_or(is_in_calendar) as is_in_calendar
    from all_rows
    group by environment, period, period_start
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
