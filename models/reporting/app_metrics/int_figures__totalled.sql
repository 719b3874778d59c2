{{ config(unique_key=['metric_key', 'environment', 'period', 'period_start']) }}

{% set affected %}
    -- Whatever happened on a date touches its day, week and month.
    with changed_dates as (
        select a.date
        from {{ changed(ref('user_activity')) }} as a
        union
        select s.date
        from {{ changed(ref('session_stats')) }} as s
        union
        select d.date
        from {{ changed(ref('daily_active_users')) }} as d
        union
        select t.date
        from {{ changed(ref('time_aggregations_daily')) }} as t
        union
        select f.completed_date as date
        from {{ changed(ref('feature_cycle_times')) }} as f
        union
        select p.date
        from {{ changed(ref('project_metrics')) }} as p
        union
        -- Another first date in one environment may make a user new, or not new any more, in others.
        select u.first_seen_date as date
        from {{ changed(ref('int_users__seen')) }} as c
        inner join {{ ref('int_users__seen') }} as u on c.user_id = u.user_id
        union
        select u.first_seen_date as date
        from {{ changed(ref('int_users__seen')) }} as u
    )

    select
        of_date.period,
        of_date.period_start
    from changed_dates as c
    cross join lateral {{ periods_of_date('c.date') }} as of_date (period, period_start, last_date)
    where isfinite(c.date)
{% endset %}

with

{{ scope(affected) }},

reached_dates as (  -- noqa: ST03
    select distinct scope.period_start + later.days as date
    from scope
    cross join
        lateral generate_series(
            0, case scope.period when 'day' then 0 when 'week' then 6 else 30 end
        ) as later (days)
),

activity as (
    select
        date,
        environment,
        user_id,
        event_count
    from {{ ref('user_activity') }}
    where {{ in_scope('date', of='reached_dates') }}
),

figures_of_environments as (
    select
        'events' as metric_key,
        environment,
        date,
        sum(event_count) as value
    from activity
    group by environment, date
    union all
    select
        'sessions' as metric_key,
        environment,
        date,
        sessions::numeric as value
    from {{ ref('session_stats') }}
    where {{ in_scope('date', of='reached_dates') }}
    union all
    select
        'new_users' as metric_key,
        environment,
        date,
        new_users::numeric as value
    from {{ ref('daily_active_users') }}
    where {{ in_scope('date', of='reached_dates') }}
),

-- Over all environments a user is new once.
new_users as (
    select
        u.first_seen_date as date,
        count(distinct u.user_id)::numeric as value
    from {{ ref('int_users__seen') }} as u
    where
        {{ in_scope('u.first_seen_date as date', of='reached_dates') }}
        and not exists (
            select
            from {{ ref('int_users__seen') }} as earlier
            where earlier.user_id = u.user_id and earlier.first_seen_date < u.first_seen_date
        )
    group by u.first_seen_date
),

-- A ratio has its denominator as weight, so that a longer period's is a ratio of sums. The row `*`
-- is that of all environments, or of a figure that has none.
figures_of_dates as (
    select
        metric_key,
        environment,
        date,
        value,
        null::numeric as weight
    from figures_of_environments
    where environment <> '*'
    union all
    select
        metric_key,
        '*' as environment,
        date,
        sum(value) as value,
        null::numeric as weight
    from figures_of_environments
    where metric_key <> 'new_users'
    group by metric_key, date
    union all
    select
        'new_users' as metric_key,
        '*' as environment,
        date,
        value,
        null::numeric as weight
    from new_users
    union all
    select
        figure.metric_key,
        '*' as environment,
        t.date,
        sum(figure.value) as value,
        sum(figure.weight) as weight
    from {{ ref('time_aggregations_daily') }} as t
    cross join
        lateral (
            values
            ('workflows_completed', t.workflows_completed::numeric, null::numeric),
            ('active_hours', t.total_active_seconds / 3600, null::numeric),
            ('efficiency_ratio', t.total_active_seconds, t.total_estimated_seconds)
        ) as figure (metric_key, value, weight)
    where
        isfinite(t.date)
        and {{ in_scope('t.date', of='reached_dates') }}
    group by figure.metric_key, t.date
    union all
    select
        figure.metric_key,
        '*' as environment,
        f.completed_date as date,
        sum(figure.value) as value,
        sum(figure.weight) as weight
    from {{ ref('feature_cycle_times') }} as f
    cross join
        lateral (
            values
            ('features_completed', 1::numeric, null::numeric),
            ('cycle_time_days', f.cycle_time_days, 1::numeric)
        ) as figure (metric_key, value, weight)
    where
        isfinite(f.completed_date)
        and {{ in_scope('f.completed_date as date', of='reached_dates') }}
    group by figure.metric_key, f.completed_date
    union all
    select
        'open_features' as metric_key,
        '*' as environment,
        date,
        sum(open_features) as value,
        null::numeric as weight
    from {{ ref('project_metrics') }}
    where {{ in_scope('date', of='reached_dates') }}
    group by date
),

figures_of_periods as (
    select
        f.metric_key,
        f.environment,
        of_date.period,
        of_date.period_start,
        sum(f.value) as value,
        sum(f.weight) as weight
    from figures_of_dates as f
    cross join lateral {{ periods_of_date('f.date') }} as of_date (period, period_start, last_date)
    -- What is open is a state: that at the end of the period.
    where f.metric_key <> 'open_features' or f.date = of_date.last_date
    group by f.metric_key, f.environment, of_date.period, of_date.period_start
),

users_of_periods as (
    select
        counted.environment,
        of_date.period,
        of_date.period_start,
        a.user_id
    from activity as a
    cross join lateral {{ periods_of_date('a.date') }} as of_date (period, period_start, last_date)
    cross join lateral (values (nullif(a.environment, '*')), ('*')) as counted (environment)
    where
        counted.environment is not null
        and {{ in_scope('of_date.period', 'of_date.period_start') }}
    group by counted.environment, of_date.period, of_date.period_start, a.user_id
),

active_users as (
    select
        'active_users' as metric_key,
        environment,
        period,
        period_start,
        count(*)::numeric as value,
        null::numeric as weight
    from users_of_periods
    group by environment, period, period_start
),

all_figures as (
    select * from figures_of_periods
    union all
    select * from active_users
),

final as (
    select
        metric_key,
        environment,
        period,
        period_start,
        value,
        weight
    from all_figures
    where {{ in_scope('period', 'period_start') }}
)

select *
from final
