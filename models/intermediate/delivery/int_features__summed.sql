{{ config(unique_key=['feature_request_id']) }}

{% set affected %}
    with days as (
        select
            min(n.today) as last_today,
            max(n.today) as latest_today
        from {{ changed(ref('int_now__known')) }} as n
        having min(n.today) < max(n.today)
    )

    select f.feature_request_id
    from {{ changed(ref('stg_delivery__features')) }} as f
    union all
    select p.feature_request_id
    from {{ changed(ref('int_features__spanned')) }} as p
    union all
    select c.feature_request_id
    from {{ changed(ref('int_changes__ordered')) }} as c
    union all
    select c.feature_request_id
    from {{ changed(ref('stg_delivery__comments')) }} as c
    union all
    -- Today has come to what lay ahead.
    select f.feature_request_id
    from days as d
    inner join {{ ref('stg_delivery__features') }} as f
        on
            {{ local_date('greatest(f.created_at, f.updated_at, f.completed_at)') }} > d.last_today
            and {{ local_date('least(f.created_at, f.updated_at, f.completed_at)') }}
            <= d.latest_today
    union all
    select c.feature_request_id
    from days as d
    inner join {{ ref('int_changes__ordered') }} as c
        on
            d.last_today < {{ local_date('c.changed_at') }}
            and d.latest_today >= {{ local_date('c.changed_at') }}
    union all
    select c.feature_request_id
    from days as d
    inner join {{ ref('stg_delivery__comments') }} as c
        on
            d.last_today < {{ local_date('c.created_at') }}
            and d.latest_today >= {{ local_date('c.created_at') }}
{% endset %}

with

{{ scope(affected) }},

features as (
    select *
    from {{ ref('stg_delivery__features') }}
    where {{ in_scope('feature_request_id') }}
),

periods as (
    select
        *,
        lag(completed_since_at) over (
            partition by feature_request_id, field
            order by period_index
        ) as completed_before_at,
        lead(period_index) over (
            partition by feature_request_id, field
            order by period_index
        ) as next_period_index
    from {{ ref('int_features__spanned') }}
    where {{ in_scope('feature_request_id') }}
),

present_values as (
    select
        feature_request_id,
        max(value) filter (where field = 'project_id' and next_period_index is null) as project_id,
        max(value) filter (where field = 'status' and next_period_index is null) as status,
        max(completed_since_at) filter (where next_period_index is null) as completed_since_at,
        count(*) filter (where completed_before_at is not null and completed_since_at is null)
            as reopen_count
    from periods
    group by feature_request_id
),

change_counts as (
    select
        feature_request_id,
        count(*) filter (where field = 'priority') as priority_changes,
        count(*) filter (where field = 'assigned_to_id') as assignee_changes,
        max(changed_at) filter (where {{ in_history(local_date('changed_at')) }})
            as last_changed_at
    from {{ ref('int_changes__ordered') }}
    where {{ in_scope('feature_request_id') }}
    group by feature_request_id
),

comment_counts as (
    select
        feature_request_id,
        count(*) as total_comments,
        max(created_at) filter (where {{ in_history(local_date('created_at')) }})
            as last_comment_at
    from {{ ref('stg_delivery__comments') }}
    where {{ in_scope('feature_request_id') }}
    group by feature_request_id
),

completed_features as (
    select
        feature.*,
        present.project_id as present_project_id,
        present.status as present_status,
        present.reopen_count,
        present.completed_since_at is not null as is_in_completed_status,
        coalesce(
            feature.completed_at,
            present.completed_since_at
        ) as completion_at
    from features as feature
    inner join present_values as present
        on feature.feature_request_id = present.feature_request_id
),

projects_at_completion as (
    select distinct on (feature.feature_request_id)
        feature.feature_request_id,
        project.value as project_id
    from completed_features as feature
    inner join periods as project
        on
            feature.feature_request_id = project.feature_request_id
            and project.field = 'project_id'
    where
        feature.completion_at is not null
        and (
            project.period_index = 0
            or project.from_date <= {{ local_date('feature.completion_at') }}
        )
    order by feature.feature_request_id asc, project.period_index desc
),

deadlines_at_completion as (
    select distinct on (feature.feature_request_id)
        feature.feature_request_id,
        (ops.readable_time(due.value) at time zone 'UTC')::date as deadline
    from completed_features as feature
    inner join periods as due
        on
            feature.feature_request_id = due.feature_request_id
            and due.field = 'deadline'
    where
        feature.completion_at is not null
        and (
            due.period_index = 0
            or due.from_date <= {{ local_date('feature.completion_at') }}
        )
    order by feature.feature_request_id asc, due.period_index desc
),

final as (
    select
        feature.feature_request_id,
        feature.present_project_id as project_id,
        feature.present_status as status,
        feature.is_in_completed_status,
        feature.assigned_to_id,
        feature.complexity_score,
        feature.deadline,
        due.deadline as deadline_at_completion,
        feature.created_at,
        {{ local_date('feature.created_at') }} as created_date,
        feature.completion_at as completed_at,
        {{ local_date('feature.completion_at') }} as completed_date,
        case
            when isfinite(feature.created_at) and isfinite(feature.completion_at)
                then {{ days_between('feature.created_at', 'feature.completion_at') }}
        end as cycle_time_days,
        completed_in.project_id as completed_in_project_id,
        feature.reopen_count,
        coalesce(c.priority_changes, 0) as priority_changes,
        coalesce(c.assignee_changes, 0) as assignee_changes,
        coalesce(said.total_comments, 0) as total_comments,
        greatest(
            latest.activity_at,
            c.last_changed_at,
            said.last_comment_at
        ) as last_activity_at
    from completed_features as feature
    left join projects_at_completion as completed_in
        on feature.feature_request_id = completed_in.feature_request_id
    left join deadlines_at_completion as due
        on feature.feature_request_id = due.feature_request_id
    left join change_counts as c on feature.feature_request_id = c.feature_request_id
    left join comment_counts as said on feature.feature_request_id = said.feature_request_id
    cross join
        lateral (
            select max(own.moment) as activity_at
            from
                unnest(array[feature.created_at, feature.updated_at, feature.completed_at])
                    as own (moment)
            where {{ in_history(local_date('own.moment')) }}
        ) as latest
)

select *
from final
