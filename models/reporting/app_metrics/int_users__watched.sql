{{ config(unique_key=['user_id', 'period', 'period_start']) }}

{% set affected %}
    with changed_dates as (
        select
            t.user_id,
            t.date
        from {{ changed(ref('time_trends_daily')) }} as t
        union
        select
            d.user_id,
            d.date
        from {{ changed(ref('time_aggregations_daily')) }} as d
        where isfinite(d.date)
    )

    select
        c.user_id,
        of_date.period,
        of_date.period_start
    from changed_dates as c
    cross join lateral {{ days_and_weeks_of('c.date') }} as of_date (period, period_start)
{% endset %}

with

{{ scope(affected) }},

reached_dates as (  -- noqa: ST03
    select distinct
        scope.user_id,
        scope.period_start + later.days as date
    from scope
    cross join
        lateral generate_series(0, {{ days_of_period('scope.period') }} - 1) as later (days)
),

work as (
    select
        user_id,
        date,
        sum(total_active_seconds) as active_seconds,
        sum(total_estimated_seconds) as estimated_seconds
    from {{ ref('time_aggregations_daily') }}
    where {{ in_scope('user_id', 'date', of='reached_dates') }}
    group by user_id, date
),

-- Every date from a person's first completion to the last.
dates_of_users as (
    select
        user_id,
        date,
        hours
    from {{ ref('time_trends_daily') }}
    where {{ in_scope('user_id', 'date', of='reached_dates') }}
),

final as (
    select
        d.user_id,
        of_date.period,
        of_date.period_start,
        sum(d.hours) as hours,
        sum(w.active_seconds) / nullif(sum(w.estimated_seconds), 0) as efficiency_ratio
    from dates_of_users as d
    cross join lateral {{ days_and_weeks_of('d.date') }} as of_date (period, period_start)
    left join work as w on d.user_id = w.user_id and d.date = w.date
    where {{ in_scope('d.user_id', 'of_date.period', 'of_date.period_start') }}
    group by d.user_id, of_date.period, of_date.period_start
)

select *
from final
