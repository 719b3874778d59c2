{{ config(unique_key=['feature_request_id', 'period_index']) }}

{% set affected %}
    with days as (
        select
            min(n.today) as last_today,
            max(n.today) as latest_today
        from {{ changed(ref('int_now__known')) }} as n
        having count(*) > 0
    )

    select
        p.feature_request_id,
        p.period_index
    from {{ changed(ref('int_features__spanned')) }} as p
    where p.field = 'status'
    union all
    select
        p.feature_request_id,
        p.period_index
    from {{ changed(ref('int_features__summed')) }} as s
    inner join {{ ref('int_features__spanned') }} as p
        on s.feature_request_id = p.feature_request_id
    where p.field = 'status'
    union all
    -- The clock moves the running periods.
    select
        p.feature_request_id,
        p.period_index
    from {{ ref('int_features__spanned') }} as p
    where
        p.field = 'status'
        and p.left_at is null
        and exists (select 1 from days)
    union all
    -- A completed_at that lay ahead has come.
    select
        p.feature_request_id,
        p.period_index
    from days as d
    inner join {{ ref('int_features__summed') }} as s
        on d.last_today < s.completed_date and d.latest_today >= s.completed_date
    inner join {{ ref('int_features__spanned') }} as p
        on s.feature_request_id = p.feature_request_id
    where p.field = 'status'
{% endset %}

with

{{ scope(affected) }},

periods as (
    select
        *,
        coalesce(left_at, {{ as_of() }}) as until_at
    from {{ ref('int_features__spanned') }}
    where
        field = 'status'
        and {{ in_scope('feature_request_id', 'period_index') }}
),

features as (
    select
        *,
        is_in_completed_status or completed_date <= {{ local_date(as_of()) }} as is_completed
    from {{ ref('int_features__summed') }}
    where {{ in_scope('feature_request_id') }}
),

final as (
    select
        period.feature_request_id,
        period.period_index,
        period.entered_at as status_entered_at,
        period.previous_value as previous_status,
        period.value as current_status,
        period.left_at as status_left_at,
        case
            when isfinite(period.entered_at) and isfinite(period.until_at)
                then greatest(0, {{ seconds_between('period.entered_at', 'period.until_at') }})
        end as status_duration_seconds,
        period.left_at is null as is_current,
        feature.total_comments,
        feature.priority_changes,
        feature.assignee_changes,
        case
            when
                feature.is_completed
                and isfinite(feature.completed_at)
                and isfinite(feature.created_at)
                then {{ seconds_between('feature.created_at', 'feature.completed_at') }}
        end as time_to_completion_seconds,
        feature.complexity_score
    from periods as period
    inner join features as feature on period.feature_request_id = feature.feature_request_id
)

select *
from final
