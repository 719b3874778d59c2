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
        deadline,
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
        {{ local_date('period.completed_since_at') }} as completed_since_date,
        case
            when period.field = 'completed_at'
                then {{ local_date('ops.readable_time(period.value)') }}
        end as completed_date,
        period.from_date,
        period.to_date,
        feature.created_date,
        feature.deadline
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
        created_date,
        deadline,
        completed_date,
        greatest(completed_date, created_date) as from_date,
        least(
            to_date,
            min(greatest(completed_date, created_date)) over (
                partition by feature_request_id
                order by period_index
                rows between 1 following and unbounded following
            )
        ) as to_date
    from periods
    where completed_date is not null
),

turns as (
    select
        feature_request_id,
        created_date,
        deadline,
        from_date,
        field,
        value,
        completed_since_date as completed_date
    from periods
    where field <> 'completed_at'
    union all
    select
        feature_request_id,
        created_date,
        deadline,
        from_date,
        'completed_at' as field,
        null as value,
        completed_date
    from completions
    where to_date is null or from_date < to_date
    union all
    select
        feature_request_id,
        created_date,
        deadline,
        to_date as from_date,
        'completed_at' as field,
        null as value,
        null as completed_date
    from completions
    where from_date < to_date
),

turns_of_dates as (
    select
        feature_request_id,
        created_date,
        deadline,
        from_date,
        count(*) filter (where field = 'project_id') as project_turns,
        max(value) filter (where field = 'project_id') as project_id,
        count(*) filter (where field = 'status') as status_turns,
        max(value) filter (where field = 'status') as status,
        max(completed_date) filter (where field = 'status') as status_completed_date,
        count(*) filter (where field = 'assigned_to_id') as assignee_turns,
        max(value) filter (where field = 'assigned_to_id') as assigned_to_id,
        count(*) filter (where field = 'completed_at') as completed_turns,
        max(completed_date) filter (where field = 'completed_at') as completed_date
    from turns
    group by feature_request_id, created_date, deadline, from_date
),

numbered_turns as (
    select
        *,
        sum(project_turns) over until_then as project_number,
        sum(status_turns) over until_then as status_number,
        sum(assignee_turns) over until_then as assignee_number,
        sum(least(completed_turns, 1)) over until_then as completed_number
    from turns_of_dates
    window until_then as (partition by feature_request_id order by from_date)
),

-- Each value until the next one of its field.
stretches as (
    select
        feature_request_id,
        created_date,
        deadline,
        from_date,
        lead(from_date) over (partition by feature_request_id order by from_date) as to_date,
        max(project_id) over (partition by feature_request_id, project_number) as project_id,
        max(status) over (partition by feature_request_id, status_number) as status,
        max(assigned_to_id) over (partition by feature_request_id, assignee_number)
            as assigned_to_id,
        coalesce(
            max(completed_date) over (partition by feature_request_id, completed_number),
            max(status_completed_date) over (partition by feature_request_id, status_number)
        ) as completed_date
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
        completed_date is not null as is_completed,
        completed_date,
        created_date,
        deadline
    from stretches
)

select *
from final
