{{ config(unique_key=['date', 'environment']) }}

{% set affected %}
    -- A changed day moves the rolling figures of the 29 dates after it and, where it is the
    -- environment's first or last, the dates between it and its neighbour: of the days that are
    -- there, and of those that went with it. Days that today has come to are as good as new.
    with today as (
        select
            min(e.last_start) + 1 as last_today,
            max(e.last_start) + 1 as latest_today
        from {{ changed(ref('int_periods__ended')) }} as e
        where e.period = 'day'
    ),

    touched_days as (
        select
            a.environment,
            a.date
        from {{ changed(ref('user_activity')) }} as a
        union
        select
            a.environment,
            a.date
        from today as t
        inner join {{ ref('user_activity') }} as a
            on t.last_today < a.date and t.latest_today >= a.date
    ),

    changed_days as (
        select
            environment,
            date,
            lag(date) over (partition by environment order by date) as changed_before,
            lead(date) over (partition by environment order by date) as changed_after
        from touched_days
    ),

    spans as (
        select
            c.environment,
            coalesce(greatest(day_before.date, c.changed_before), c.date) as from_date,
            greatest(c.date + 29, least(day_after.date, c.changed_after)) as to_date
        from changed_days as c
        left join lateral (
            select max(a.date) as date
            from {{ ref('user_activity') }} as a
            where a.environment = c.environment and a.date < c.date
        ) as day_before on true
        left join lateral (
            select min(a.date) as date
            from {{ ref('user_activity') }} as a
            where a.environment = c.environment and a.date > c.date
        ) as day_after on true
    )

    select
        greatest(s.from_date, {{ history_begins() }}) + touched.days as date,
        s.environment
    from spans as s
    cross join today as t
    cross join
        lateral generate_series(
            0,
            least(s.to_date, greatest({{ local_date(as_of()) }}, t.latest_today))
            - greatest(s.from_date, {{ history_begins() }})
        ) as touched (days)
    union all
    select
        u.first_seen_date as date,
        u.environment
    from {{ changed(ref('int_users__seen')) }} as u
    where u.first_seen_date >= {{ history_begins() }}
{% endset %}

with

{{ scope(affected) }},

reached_dates as (
    select distinct
        scope.date - days_back as date,
        scope.environment
    from scope
    cross join generate_series(0, 29) as days_back
),

active_days as (
    select
        environment,
        user_id,
        date
    from {{ ref('user_activity') }}
    -- Dates and environments apart: where both are joined at once, the planner takes an order that
    -- it has for a merge, and compares each active day with all dates of its environment.
    where
        {{ in_scope('date', of='reached_dates') }}
        and {{ in_scope('environment') }}
),

active_days_in_turn as (
    select
        environment,
        date,
        lead(date) over (partition by environment, user_id order by date) as next_date
    from active_days
),

new_users as (
    select
        environment,
        first_seen_date as date,
        count(*) as new_users
    from {{ ref('int_users__seen') }}
    where {{ in_scope('environment', 'first_seen_date as date') }}
    group by environment, first_seen_date
),

environments as (
    select distinct environment
    from {{ ref('int_users__seen') }}
    where {{ in_scope('environment') }}
),

-- Materialized, else the planner, which knows nothing of a series' length, makes it anew for each
-- date in scope.
calendar_of_environments as materialized (
    select
        e.environment,
        first_day.date + days_after as date
    from environments as e
    cross join
        lateral (
            select min(a.date) as date
            from {{ ref('user_activity') }} as a
            where a.environment = e.environment and {{ in_history('a.date') }}
        ) as first_day
    cross join
        lateral (
            select max(a.date) as date
            from {{ ref('user_activity') }} as a
            where a.environment = e.environment and {{ in_history('a.date') }}
        ) as last_day
    cross join lateral generate_series(0, last_day.date - first_day.date) as days_after
),

calendar as (
    select *
    from calendar_of_environments
    where {{ in_scope('environment', 'date', of='reached_dates') }}
),

-- A user enters a window on an active day and leaves it when it has passed, or on the next active
-- day, with which they enter it again: so each counts once, and no date reads its window anew.
movements as (
    select
        environment,
        date,
        1 as daily,
        1 as weekly,
        1 as monthly,
        false as is_in_calendar
    from active_days_in_turn
    union all
    select
        environment,
        least(date + 7, next_date) as date,
        0 as daily,
        -1 as weekly,
        0 as monthly,
        false as is_in_calendar
    from active_days_in_turn
    union all
    select
        environment,
        least(date + 30, next_date) as date,
        0 as daily,
        0 as weekly,
        -1 as monthly,
        false as is_in_calendar
    from active_days_in_turn
    union all
    select
        environment,
        date,
        0 as daily,
        0 as weekly,
        0 as monthly,
        true as is_in_calendar
    from calendar
),

movements_of_dates as (
    select
        environment,
        date,
        sum(daily) as user_count,
        sum(weekly) as weekly,
        sum(monthly) as monthly,
        bool_or(is_in_calendar) as is_in_calendar
    from movements
    group by environment, date
),

rolled as (
    select
        environment,
        date,
        user_count,
        sum(weekly) over (partition by environment order by date)::bigint as wau,
        sum(monthly) over (partition by environment order by date)::bigint as mau,
        is_in_calendar
    from movements_of_dates
),

final as (
    select
        rolled.date,
        rolled.environment,
        rolled.user_count,
        rolled.wau,
        rolled.mau,
        rolled.user_count::numeric / nullif(rolled.mau, 0) as stickiness,
        coalesce(n.new_users, 0) as new_users,
        rolled.user_count - coalesce(n.new_users, 0) as returning_users
    from rolled
    left join new_users as n on rolled.environment = n.environment and rolled.date = n.date
    where
        rolled.is_in_calendar
        and {{ in_scope('rolled.date', 'rolled.environment') }}
)

select *
from final
