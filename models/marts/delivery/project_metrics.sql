{{ config(unique_key=['project_id', 'date']) }}

{% set affected %}
    -- A change moves its project's figures from its date on. A new date is added to every project;
    -- dates after today, where the clock was set back, are taken away.
    with days as (
        select
            min(t.today) as last_today,
            max(t.today) as latest_today
        from {{ changed(ref('int_now__known')) }} as t
        having count(*) > 0
    ),

    touched as (
        select
            m.project_id,
            m.date as from_date
        from {{ changed(ref('int_features__moved')) }} as m
        union all
        select
            b.project_id,
            b.first_date as from_date
        from {{ changed(ref('int_projects__begun')) }} as b
        union all
        select
            b.project_id,
            greatest(b.first_date, d.last_today + 1) as from_date
        from days as d
        cross join {{ ref('int_projects__begun') }} as b
    ),

    first_touched as (
        select
            project_id,
            greatest(min(from_date), {{ history_begins() }}) as from_date
        from touched
        group by project_id
    )

    select
        t.project_id,
        t.from_date + later.days as date
    from first_touched as t
    left join days as d on true
    cross join
        lateral generate_series(
            0, greatest({{ local_date(as_of()) }}, d.latest_today) - t.from_date
        ) as later (days)
{% endset %}

with

{{ scope(affected) }},

projects as (
    select *
    from {{ ref('int_projects__begun') }}
    where {{ in_scope('project_id') }}
),

calendar as (
    select
        project.project_id,
        scope.date
    from scope
    inner join projects as project on scope.project_id = project.project_id
    where scope.date between project.first_date and {{ local_date(as_of()) }}
),

moves as (
    select *
    from {{ ref('int_features__moved') }}
    where
        date <= {{ local_date(as_of()) }}
        and {{ in_scope('project_id') }}
),

assignee_moves as (
    select
        project_id,
        assigned_to_id,
        date,
        sum(features) as features
    from moves
    where assigned_to_id is not null
    group by project_id, assigned_to_id, date
),

assignee_features as (
    select
        project_id,
        assigned_to_id,
        date,
        sum(features) over (
            partition by project_id, assigned_to_id
            order by date
        ) as features
    from assignee_moves
),

-- Somebody contributes from their first feature in the project to their last.
contributor_moves as (
    select
        project_id,
        date,
        (features > 0)::integer - (lag(features, 1, 0) over (
            partition by project_id, assigned_to_id
            order by date
        ) > 0)::integer as contributors
    from assignee_features
),

all_moves as (
    select
        project_id,
        date,
        features,
        completed_features,
        overdue_features,
        completed_28d,
        cycle_time_days_28d,
        0 as contributors,
        false as is_in_calendar
    from moves
    union all
    select
        project_id,
        date,
        0 as features,
        0 as completed_features,
        0 as overdue_features,
        0 as completed_28d,
        0 as cycle_time_days_28d,
        contributors,
        false as is_in_calendar
    from contributor_moves
    union all
    select
        project_id,
        date,
        0 as features,
        0 as completed_features,
        0 as overdue_features,
        0 as completed_28d,
        0 as cycle_time_days_28d,
        0 as contributors,
        true as is_in_calendar
    from calendar
),

moves_of_dates as (
    select
        project_id,
        date,
        sum(features) as features,
        sum(completed_features) as completed_features,
        sum(overdue_features) as overdue_features,
        sum(completed_28d) as completed_28d,
        sum(cycle_time_days_28d) as cycle_time_days_28d,
        sum(contributors) as contributors,
        bool_or(is_in_calendar) as is_in_calendar
    from all_moves
    group by project_id, date
),

states as (
    select
        project_id,
        date,
        sum(completed_features) over until_then as completed_features,
        sum(features) over until_then as total_features,
        sum(completed_28d) over until_then as features_completed_28d,
        sum(cycle_time_days_28d) over until_then as cycle_time_days_28d,
        sum(contributors) over until_then as active_contributors,
        sum(overdue_features) over until_then as overdue_features,
        is_in_calendar
    from moves_of_dates
    window until_then as (partition by project_id order by date)
),

final as (
    select
        project_id,
        date,
        completed_features::bigint as completed_features,
        total_features::bigint as total_features,
        round(100 * completed_features / nullif(total_features, 0), 2) as completion_percentage,
        features_completed_28d / 4 as velocity,
        cycle_time_days_28d / nullif(features_completed_28d, 0) as cycle_time_avg,
        active_contributors::bigint as active_contributors,
        (total_features - completed_features)::bigint as open_features,
        overdue_features::bigint as overdue_features,
        features_completed_28d::bigint as features_completed_28d,
        cycle_time_days_28d
    from states
    where is_in_calendar
)

select *
from final
