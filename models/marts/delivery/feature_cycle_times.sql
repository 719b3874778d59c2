{{ config(unique_key=['feature_request_id']) }}

{% set affected %}
    with days as (
        select min(n.today) as last_today
        from {{ changed(ref('int_now__known')) }} as n
        having count(*) > 0
    )

    select s.feature_request_id
    from {{ changed(ref('int_features__summed')) }} as s
    union all
    select p.feature_request_id
    from {{ changed(ref('int_features__spanned')) }} as p
    where p.field = 'status'
    union all
    -- The clock moves what is open, or was when it was read last.
    select s.feature_request_id
    from days as d
    inner join {{ ref('int_features__summed') }} as s
        on s.completed_date is null or d.last_today < s.completed_date
    where not s.is_in_completed_status
{% endset %}

with

{{ scope(affected) }},

features as (
    select
        *,
        is_in_completed_status
        or coalesce(completed_date <= {{ local_date(as_of()) }}, false) as is_completed
    from {{ ref('int_features__summed') }}
    where {{ in_scope('feature_request_id') }}
),

-- A feature's time runs until it is completed, of one that is open until now.
ended_features as (
    select
        *,
        case when is_completed then completed_at else {{ as_of() }} end as ended_at
    from features
),

status_periods as (
    select
        period.feature_request_id,
        period.value as status,
        period.entered_at,
        least(period.left_at, feature.ended_at) as left_at
    from {{ ref('int_features__spanned') }} as period
    inner join ended_features as feature
        on period.feature_request_id = feature.feature_request_id
    where
        period.field = 'status'
        and period.entered_at < feature.ended_at
        and {{ in_scope('period.feature_request_id') }}
),

status_totals as (
    select
        feature_request_id,
        status,
        trim_scale(sum(greatest(0, {{ seconds_between('entered_at', 'left_at') }}))) as seconds
    from status_periods
    where
        isfinite(left_at)
        and isfinite(entered_at)
    group by feature_request_id, status
),

times_in_statuses as (
    select
        feature_request_id,
        jsonb_object_agg(status, seconds) as seconds_in_status
    from status_totals
    group by feature_request_id
),

final as (
    select
        feature.feature_request_id,
        feature.project_id,
        feature.created_at,
        case when feature.is_completed then feature.completed_at end as completed_at,
        case when feature.is_completed then feature.cycle_time_days end as cycle_time_days,
        coalesce(times.seconds_in_status, '{}') as seconds_in_status,
        coalesce(
            case
                when feature.is_completed
                    then feature.completed_date > feature.deadline_at_completion
                else {{ local_date(as_of()) }} > feature.deadline
            end,
            false
        ) as was_overdue,
        feature.reopen_count,
        case when feature.is_completed then feature.completed_date end as completed_date
    from ended_features as feature
    left join times_in_statuses as times
        on feature.feature_request_id = times.feature_request_id
)

select *
from final
