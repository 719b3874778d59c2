{{ config(unique_key=['entity_type', 'entity_id', 'signal', 'period', 'period_start']) }}

{% set affected %}
    with changed_dates as (
        select
            'employee' as entity_type,
            e.employee_id as entity_id,
            e.date
        from {{ changed(ref('employee_metrics_daily')) }} as e
        union
        select
            'team' as entity_type,
            t.team_name as entity_id,
            t.date
        from {{ changed(ref('team_metrics_daily')) }} as t
    )

    select
        c.entity_type,
        c.entity_id,
        of_date.period,
        of_date.period_start
    from changed_dates as c
    cross join lateral {{ days_and_weeks_of('c.date') }} as of_date (period, period_start)
    where isfinite(c.date)
{% endset %}

with

{{ scope(affected) }},

reached_dates as (  -- noqa: ST03
    select distinct
        scope.entity_id,
        scope.period_start + later.days as date
    from scope
    cross join
        lateral generate_series(0, {{ days_of_period('scope.period') }} - 1) as later (days)
),

-- An employee's week is the average of its samples.
employees as (
    select
        'employee' as entity_type,
        employee_id as entity_id,
        date,
        burnout_score_sum as score,
        burnout_score_count::double precision as weight
    from {{ ref('employee_metrics_daily') }}
    where {{ in_scope('employee_id as entity_id', 'date', of='reached_dates') }}
),

-- A team's week is the average of its days: those on which enough people had a score.
teams as (
    select
        'team' as entity_type,
        team_name as entity_id,
        date,
        burnout_score_avg as score,
        1::double precision as weight
    from {{ ref('team_metrics_daily') }}
    where
        burnout_score_avg is not null
        and {{ in_scope('team_name as entity_id', 'date', of='reached_dates') }}
),

scores as (
    select * from employees
    union all
    select * from teams
),

final as (
    select
        s.entity_type,
        s.entity_id,
        'burnout_score' as signal,
        of_date.period,
        of_date.period_start,
        sum(s.score order by s.date) / sum(s.weight) as value
    from scores as s
    cross join lateral {{ days_and_weeks_of('s.date') }} as of_date (period, period_start)
    where
        s.weight > 0
        -- Nobody is told of what happened before history.
        and of_date.period_start >= {{ history_begins() }}
        and {{ in_scope('s.entity_type', 's.entity_id', 'of_date.period', 'of_date.period_start') }}
    group by s.entity_type, s.entity_id, of_date.period, of_date.period_start
)

select *
from final
