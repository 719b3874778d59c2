{{ config(unique_key=['widget_id', 'metric_key']) }}

with

-- Only what comes from events has an environment.
widgets as (
    select
        *,
        case
            when metric_key in ('events', 'active_users', 'sessions', 'new_users')
                then coalesce(environment, 'production')
            else '*'
        end as figure_environment
    from {{ ref('dashboard_widgets') }}
),

periods as (
    select
        period,
        last_start,
        (last_start - ('1 ' || period)::interval)::date as start_before
    from {{ ref('int_periods__ended') }}
),

-- Nothing to sum up is a measured zero; of a ratio it is nothing.
figures as (
    select
        metric_key,
        environment,
        period,
        period_start,
        case
            when
                metric_key in ('efficiency_ratio', 'cycle_time_days')
                then value / nullif(weight, 0)
            else value
        end as value
    from {{ ref('int_figures__totalled') }}
),

compared as (
    select
        w.widget_id,
        w.metric_key,
        case
            when
                w.metric_key in ('efficiency_ratio', 'cycle_time_days') or latest.period is not null
                then latest.value
            else 0
        end as value,
        case
            when
                w.metric_key in ('efficiency_ratio', 'cycle_time_days')
                or previous.period is not null
                then previous.value
            else 0
        end as previous_value,
        p.period,
        p.last_start as period_start,
        w.figure_environment as environment
    from widgets as w
    inner join periods as p on w.period = p.period
    left join figures as latest
        on
            w.metric_key = latest.metric_key
            and w.figure_environment = latest.environment
            and p.period = latest.period
            and p.last_start = latest.period_start
    left join figures as previous
        on
            w.metric_key = previous.metric_key
            and w.figure_environment = previous.environment
            and p.period = previous.period
            and p.start_before = previous.period_start
),

final as (
    select
        widget_id,
        metric_key,
        value,
        previous_value,
        round(100 * (value - previous_value) / nullif(previous_value, 0), 2) as change_percent,
        {{ as_of() }} as updated_at,
        period,
        period_start,
        environment
    from compared
)

select *
from final
