{{ config(unique_key=['project_id']) }}

{% set affected %}
    with days as (
        select
            min(n.today) as last_today,
            max(n.today) as latest_today
        from {{ changed(ref('int_now__known')) }} as n
        having count(*) > 0
    )

    select s.project_id
    from {{ changed(ref('int_features__summed')) }} as s
    union all
    select p.project_id
    from {{ changed(ref('stg_delivery__projects')) }} as p
    union all
    -- Today has passed a deadline, or has come to a completed_at that lay ahead.
    select s.project_id
    from days as d
    inner join {{ ref('int_features__summed') }} as s
        on d.last_today <= s.deadline and d.latest_today > s.deadline
    union all
    select s.project_id
    from days as d
    inner join {{ ref('int_features__summed') }} as s
        on d.last_today < s.completed_date and d.latest_today >= s.completed_date
    union all
    -- Today has come to the first feature.
    select s.project_id
    from days as d
    inner join {{ ref('int_features__summed') }} as s
        on d.last_today < s.created_date and d.latest_today >= s.created_date
{% endset %}

with

{{ scope(affected) }},

features as (
    select
        *,
        is_in_completed_status
        or coalesce(completed_date <= {{ local_date(as_of()) }}, false) as is_completed
    from {{ ref('int_features__summed') }}
    where {{ in_scope('project_id') }}
),

totals as (
    select
        project_id,
        count(*) as total_features,
        count(*) filter (where is_completed) as completed_features,
        count(distinct assigned_to_id) as active_contributors,
        min(created_date) filter (where {{ in_history('created_date') }}) as project_start_date,
        max({{ local_date('last_activity_at') }}) as last_activity_date,
        count(*) filter (where not is_completed and deadline < {{ local_date(as_of()) }})
            as overdue_features
    from features
    group by project_id
),

projects as (
    select *
    from {{ ref('stg_delivery__projects') }}
    where {{ in_scope('project_id') }}
),

final as (
    select
        coalesce(project.project_id, total.project_id) as project_id,
        project.title as project_title,
        coalesce(total.total_features, 0) as total_features,
        coalesce(total.completed_features, 0) as completed_features,
        round(100.0 * total.completed_features / nullif(total.total_features, 0), 2)
            as completion_percentage,
        coalesce(total.active_contributors, 0) as active_contributors,
        total.project_start_date,
        total.last_activity_date,
        coalesce(total.overdue_features, 0) as overdue_features,
        coalesce(total.total_features - total.completed_features, 0) as open_features,
        project.status as project_status
    from projects as project
    full join totals as total on project.project_id = total.project_id
)

select *
from final
