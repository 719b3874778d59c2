{{ config(unique_key=['project_id', 'week_start']) }}

{% set affected %}
    -- A completion moves its week and the three after it, and, where it is the project's first, the
    -- weeks that are listed; a new week is added to every project.
    with days as (
        select
            min(n.today) as last_today,
            max(n.today) as latest_today,
            {{ week_start('min(n.today)') }} + 7 as new_week
        from {{ changed(ref('int_now__known')) }} as n
        having count(*) > 0
    ),

    touched as (
        select
            s.completed_in_project_id as project_id,
            s.completed_date as from_date
        from {{ changed(ref('int_features__summed')) }} as s
        where s.completed_date is not null
        union all
        select
            s.completed_in_project_id as project_id,
            s.completed_date as from_date
        from days as d
        inner join {{ ref('int_features__summed') }} as s
            on d.last_today < s.completed_date and d.latest_today >= s.completed_date
        union all
        select
            s.completed_in_project_id as project_id,
            d.new_week as from_date
        from days as d
        inner join {{ ref('int_features__summed') }} as s on d.latest_today >= d.new_week
        where s.completed_in_project_id is not null
    ),

    first_touched as (
        select
            project_id,
            {{ week_start('greatest(min(from_date), ' ~ history_begins() ~ ')') }} as from_week
        from touched
        group by project_id
    )

    select
        t.project_id,
        t.from_week + later.days as week_start
    from first_touched as t
    left join days as d on true
    cross join
        lateral generate_series(
            0, greatest({{ local_date(as_of()) }}, d.latest_today) - t.from_week, 7
        ) as later (days)
{% endset %}

with

{{ scope(affected) }},

completions as (
    select
        completed_in_project_id as project_id,
        {{ week_start('completed_date') }} as week_start,
        count(*) as features_completed,
        sum(cycle_time_days) as cycle_time_days
    from {{ ref('int_features__summed') }}
    where
        -- The first weeks' figures look three weeks back.
        completed_date between {{ history_begins() }} - 28 and {{ local_date(as_of()) }}
        and {{ in_scope('completed_in_project_id as project_id') }}
    group by completed_in_project_id, {{ week_start('completed_date') }}
),

first_weeks as (
    select
        project_id,
        min(week_start) as first_week
    from completions
    where week_start >= {{ week_start(history_begins()) }}
    group by project_id
),

calendar as (
    select
        project.project_id,
        scope.week_start
    from scope
    inner join first_weeks as project on scope.project_id = project.project_id
    where scope.week_start between project.first_week and {{ local_date(as_of()) }}
),

weeks as (
    select
        project_id,
        week_start,
        features_completed,
        cycle_time_days,
        false as is_in_calendar
    from completions
    union all
    select
        project_id,
        week_start,
        0 as features_completed,
        null as cycle_time_days,
        true as is_in_calendar
    from calendar
),

totals as (
    select
        project_id,
        week_start,
        sum(features_completed) as features_completed,
        sum(cycle_time_days) as cycle_time_days,
        bool_or(is_in_calendar) as is_in_calendar
    from weeks
    group by project_id, week_start
),

rolled as (
    select
        *,
        sum(features_completed) over (
            partition by project_id
            order by week_start range between interval '21 days' preceding and current row
        ) as features_completed_4w
    from totals
),

final as (
    select
        project_id,
        week_start,
        features_completed::bigint as features_completed,
        cycle_time_days / nullif(features_completed, 0) as avg_cycle_time_days,
        features_completed_4w / 4 as features_completed_4w_avg,
        cycle_time_days
    from rolled
    where is_in_calendar
)

select *
from final
