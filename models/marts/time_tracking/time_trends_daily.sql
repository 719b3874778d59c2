{{ config(unique_key=['user_id', 'date']) }}

{% set affected %}
    -- A changed day moves the rolling figures of the 27 dates after it, and, where it is a user's
    -- first or last, the dates between it and its neighbour: of the days that are there, and of
    -- those that went with it. Days that today has come to are as good as new.
    with today as (
        select
            min(e.last_start) + 1 as last_today,
            max(e.last_start) + 1 as latest_today
        from {{ changed(ref('int_periods__ended')) }} as e
        where e.period = 'day'
    ),

    touched_days as (
        select
            d.user_id,
            d.date
        from {{ changed(ref('time_aggregations_daily')) }} as d
        union
        select
            d.user_id,
            d.date
        from today as t
        inner join {{ ref('time_aggregations_daily') }} as d
            on t.last_today < d.date and t.latest_today >= d.date
    ),

    changed_days as (
        select
            user_id,
            date,
            lag(date) over (partition by user_id order by date) as changed_before,
            lead(date) over (partition by user_id order by date) as changed_after
        from touched_days
    ),

    spans as (
        select
            changed_day.user_id,
            coalesce(greatest(day_before.date, changed_day.changed_before), changed_day.date)
                as from_date,
            greatest(changed_day.date + 27, least(day_after.date, changed_day.changed_after))
                as to_date
        from changed_days as changed_day
        left join lateral (
            select max(d.date) as date
            from {{ ref('time_aggregations_daily') }} as d
            where d.user_id = changed_day.user_id and d.date < changed_day.date
        ) as day_before on true
        left join lateral (
            select min(d.date) as date
            from {{ ref('time_aggregations_daily') }} as d
            where d.user_id = changed_day.user_id and d.date > changed_day.date
        ) as day_after on true
    )

    select
        s.user_id,
        greatest(s.from_date, {{ history_begins() }}) + touched.days as date
    from spans as s
    cross join today as t
    cross join lateral generate_series(
        0,
        least(s.to_date, greatest({{ local_date(as_of()) }}, t.latest_today))
        - greatest(s.from_date, {{ history_begins() }})
    ) as touched (days)
{% endset %}

with

{{ scope(affected) }},

reached_dates as (
    select distinct
        scope.user_id,
        scope.date - days_back as date
    from scope
    cross join generate_series(0, 27) as days_back
),

days_with_completions as (
    select
        user_id,
        date,
        sum(workflows_completed)::bigint as workflows,
        sum(total_active_seconds) as active_seconds,
        sum(total_estimated_seconds) as estimated_seconds
    from {{ ref('time_aggregations_daily') }}
    where {{ in_scope('user_id', 'date', of='reached_dates') }}
    group by user_id, date
),

user_spans as (
    select
        user_id,
        min(date) as first_date,
        max(date) as last_date
    from {{ ref('time_aggregations_daily') }}
    where
        {{ in_scope('user_id') }}
        and {{ in_history('date') }}
    group by user_id
),

-- Materialized, else the planner, which knows nothing of a series' length, makes it anew for each
-- date in scope.
calendar_of_users as materialized (
    select
        u.user_id,
        u.first_date + later.days as date
    from user_spans as u
    cross join lateral generate_series(0, u.last_date - u.first_date) as later (days)
),

calendar as (
    select *
    from calendar_of_users
    where {{ in_scope('user_id', 'date', of='reached_dates') }}
),

all_days as (
    select
        c.user_id,
        c.date,
        coalesce(d.workflows, 0) as workflows,
        -- Nobody worked: a measured zero. Completions without known time: unknown.
        case when d.workflows is null then 0 else d.active_seconds end as active_seconds,
        d.active_seconds as rated_seconds,
        d.estimated_seconds
    from calendar as c
    left join days_with_completions as d on c.user_id = d.user_id and c.date = d.date
),

rolled as (
    select
        user_id,
        date,
        workflows,
        active_seconds / 3600 as hours,
        rated_seconds / nullif(estimated_seconds, 0) as efficiency,
        sum(workflows) over week / 7.0 as workflows_7d_avg,
        sum(active_seconds) over week / 3600 as hours_7d,
        sum(active_seconds) over week_before / 3600 as hours_7d_before,
        sum(rated_seconds) over four_weeks
        / nullif(sum(estimated_seconds) over four_weeks, 0) as efficiency_28d
    from all_days
    window
        week as (
            partition by user_id
            order by date range between interval '6 days' preceding and current row
        ),
        week_before as (
            partition by user_id
            order by date range between interval '13 days' preceding and interval '7 days' preceding
        ),
        four_weeks as (
            partition by user_id
            order by date range between interval '27 days' preceding and current row
        )
),

final as (
    select
        user_id,
        date,
        workflows,
        hours,
        efficiency,
        workflows_7d_avg,
        hours_7d / 7 as hours_7d_avg,
        efficiency_28d,
        round(
            100 * (hours_7d - hours_7d_before) / nullif(hours_7d_before, 0), 2
        ) as hours_7d_change_percent
    from rolled
    where {{ in_scope('user_id', 'date') }}
)

select *
from final
