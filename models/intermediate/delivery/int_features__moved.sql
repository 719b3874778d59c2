{{
    config(unique_key=['feature_request_id', 'date', 'project_id', 'status', 'assigned_to_id'])
}}

{% set affected %}
    select s.feature_request_id
    from {{ changed(ref('int_features__dated')) }} as s
{% endset %}

with

{{ scope(affected) }},

stretches as (
    select
        *,
        case when isfinite(completed_at) then {{ days_between('created_at', 'completed_at') }} end
            as cycle_time_days,
        greatest(from_date, completed_date) as recent_from_date,
        least(to_date, completed_date + 28) as recent_to_date,
        -- The last date there is has none after it.
        greatest(from_date, least(deadline, '5874897-12-30') + 1) as overdue_from_date
    from {{ ref('int_features__dated') }}
    where {{ in_scope('feature_request_id') }}
),

-- What enters the project's figures on a date, and what leaves them.
moves as (
    select
        feature_request_id,
        project_id,
        status,
        assigned_to_id,
        from_date as date,
        1 as features,
        is_completed::integer as completed_features,
        0 as overdue_features,
        0 as completed_28d,
        0 as cycle_time_days_28d
    from stretches
    union all
    select
        feature_request_id,
        project_id,
        status,
        assigned_to_id,
        to_date as date,
        -1 as features,
        -is_completed::integer as completed_features,
        0 as overdue_features,
        0 as completed_28d,
        0 as cycle_time_days_28d
    from stretches
    where to_date is not null
    union all
    select
        stretch.feature_request_id,
        stretch.project_id,
        stretch.status,
        stretch.assigned_to_id,
        edge.date,
        0 as features,
        0 as completed_features,
        0 as overdue_features,
        edge.sign as completed_28d,
        edge.sign * stretch.cycle_time_days as cycle_time_days_28d
    from stretches as stretch
    cross join
        lateral (
            values
            (stretch.recent_from_date, 1),
            (stretch.recent_to_date, -1)
        ) as edge (date, sign)
    where
        stretch.is_completed
        and stretch.recent_from_date < stretch.recent_to_date
    union all
    select
        stretch.feature_request_id,
        stretch.project_id,
        stretch.status,
        stretch.assigned_to_id,
        edge.date,
        0 as features,
        0 as completed_features,
        edge.sign as overdue_features,
        0 as completed_28d,
        0 as cycle_time_days_28d
    from stretches as stretch
    cross join
        lateral (
            values
            (stretch.overdue_from_date, 1),
            (stretch.to_date, -1)
        ) as edge (date, sign)
    where
        not stretch.is_completed
        and stretch.deadline < '5874897-12-31'
        and (stretch.to_date is null or stretch.overdue_from_date < stretch.to_date)
),

final as (
    select
        feature_request_id,
        date,
        project_id,
        status,
        assigned_to_id,
        sum(features) as features,
        sum(completed_features) as completed_features,
        sum(overdue_features) as overdue_features,
        sum(completed_28d) as completed_28d,
        sum(cycle_time_days_28d) as cycle_time_days_28d
    from moves
    where isfinite(date)
    group by feature_request_id, date, project_id, status, assigned_to_id
    having
        sum(features) <> 0
        or sum(completed_features) <> 0
        or sum(overdue_features) <> 0
        or sum(completed_28d) <> 0
        or sum(cycle_time_days_28d) <> 0
)

select *
from final
