{{ config(unique_key=['feature_request_id', 'from_date']) }}

{% set affected %}
    select p.feature_request_id
    from {{ changed(ref('int_features__spanned')) }} as p
    union all
    select f.feature_request_id
    from {{ changed(ref('stg_delivery__features')) }} as f
{% endset %}

with

{{ scope(affected) }},

features as (
    select
        feature_request_id,
        created_at,
        {{ local_date('created_at') }} as created_date
    from {{ ref('stg_delivery__features') }}
    where
        -- An infinite time belongs to no date.
        isfinite(created_at)
        and {{ in_scope('feature_request_id') }}
),

-- What held at the end of a date: a period that began and ended on one date did not.
periods as (
    select
        period.feature_request_id,
        period.field,
        period.period_index,
        period.value,
        period.completed_since_at,
        case
            when period.field in ('completed_at', 'deadline')
                then ops.readable_time(period.value)
        end as time_value,
        period.from_date,
        period.to_date,
        feature.created_at,
        feature.created_date
    from {{ ref('int_features__spanned') }} as period
    inner join features as feature on period.feature_request_id = feature.feature_request_id
    where
        isfinite(period.from_date)
        and (period.to_date is null or period.from_date < period.to_date)
        and {{ in_scope('period.feature_request_id') }}
),

-- A completed_at holds from its own date on, also where it was written down later, until it is
-- cleared or replaced. Of two that would hold the later written one does.
completions as (
    select
        feature_request_id,
        created_at,
        created_date,
        time_value as completed_at,
        greatest({{ local_date('time_value') }}, created_date) as from_date,
        least(
            to_date,
            min(greatest({{ local_date('time_value') }}, created_date)) over (
                partition by feature_request_id
                order by period_index
                rows between 1 following and unbounded following
            )
        ) as to_date
    from periods
    where
        field = 'completed_at'
        and time_value is not null
),

turns as (
    select
        feature_request_id,
        created_at,
        created_date,
        from_date,
        field,
        value,
        case
            when field = 'deadline' then (time_value at time zone 'UTC')::date
        end as deadline,
        completed_since_at as completed_at
    from periods
    where field <> 'completed_at'
    union all
    select
        feature_request_id,
        created_at,
        created_date,
        from_date,
        'completed_at' as field,
        null as value,
        null as deadline,
        completed_at
    from completions
    where to_date is null or from_date < to_date
    union all
    select
        feature_request_id,
        created_at,
        created_date,
        to_date as from_date,
        'completed_at' as field,
        null as value,
        null as deadline,
        null as completed_at
    from completions
    where from_date < to_date
),

turns_of_dates as (
    select
        feature_request_id,
        created_at,
        created_date,
        from_date,
        count(*) filter (where field = 'project_id') as project_turns,
        max(value) filter (where field = 'project_id') as project_id,
        count(*) filter (where field = 'status') as status_turns,
        max(value) filter (where field = 'status') as status,
        max(completed_at) filter (where field = 'status') as status_completed_at,
        count(*) filter (where field = 'assigned_to_id') as assignee_turns,
        max(value) filter (where field = 'assigned_to_id') as assigned_to_id,
        count(*) filter (where field = 'deadline') as deadline_turns,
        max(deadline) as deadline,
        count(*) filter (where field = 'completed_at') as completed_turns,
        max(completed_at) filter (where field = 'completed_at') as completed_at
    from turns
    group by feature_request_id, created_at, created_date, from_date
),

numbered_turns as (
    select
        *,
        sum(project_turns) over until_then as project_number,
        sum(status_turns) over until_then as status_number,
        sum(assignee_turns) over until_then as assignee_number,
        sum(deadline_turns) over until_then as deadline_number,
        sum(least(completed_turns, 1)) over until_then as completed_number
    from turns_of_dates
    window until_then as (partition by feature_request_id order by from_date)
),

-- Each value until the next one of its field.
stretches as (
    select
        feature_request_id,
        created_at,
        created_date,
        from_date,
        lead(from_date) over (partition by feature_request_id order by from_date) as to_date,
        max(project_id) over (partition by feature_request_id, project_number) as project_id,
        max(status) over (partition by feature_request_id, status_number) as status,
        max(assigned_to_id) over (partition by feature_request_id, assignee_number)
            as assigned_to_id,
        max(deadline) over (partition by feature_request_id, deadline_number) as deadline,
        coalesce(
            max(completed_at) over (partition by feature_request_id, completed_number),
            max(status_completed_at) over (partition by feature_request_id, status_number)
        ) as completed_at
    from numbered_turns
),

final as (
    select
        feature_request_id,
        from_date,
        to_date,
        project_id,
        status,
        assigned_to_id,
        completed_at is not null as is_completed,
        completed_at,
        {{ local_date('completed_at') }} as completed_date,
        created_at,
        created_date,
        deadline
    from stretches
)

select *
from final
