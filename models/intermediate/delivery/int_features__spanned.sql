{{ config(unique_key=['feature_request_id', 'field', 'period_index']) }}

{% set affected %}
    select c.feature_request_id
    from {{ changed(ref('int_changes__ordered')) }} as c
    union all
    select f.feature_request_id
    from {{ changed(ref('stg_delivery__features')) }} as f
{% endset %}

with

{{ scope(affected) }},

features as (
    select *
    from {{ ref('stg_delivery__features') }}
    where {{ in_scope('feature_request_id') }}
),

changes as (
    select
        *,
        max(change_number) over (partition by feature_request_id, field) as last_change_number
    from {{ ref('int_changes__ordered') }}
    where
        field <> 'priority'
        and {{ in_scope('feature_request_id') }}
),

present_values as (
    select
        feature.feature_request_id,
        feature.created_at,
        present.field,
        present.value
    from features as feature
    cross join lateral (
        values
        ('status', feature.status),
        ('project_id', feature.project_id),
        ('assigned_to_id', feature.assigned_to_id),
        ('deadline', {{ date_text('feature.deadline') }}),
        (
            'completed_at',
            case
                when feature.completed_at is not null
                    then {{ iso_time('feature.completed_at') }}
            end
        )
    ) as present (field, value)
),

-- The first period has the first change's old value; without a change there is one, the present.
periods as (
    select
        present.feature_request_id,
        present.field,
        0 as period_index,
        case when c.change_number is null then present.value else c.old_value end as value,
        null as previous_value,
        present.created_at as entered_at
    from present_values as present
    left join changes as c
        on
            present.feature_request_id = c.feature_request_id
            and present.field = c.field
            and c.change_number = 1
    union all
    select
        c.feature_request_id,
        c.field,
        c.change_number as period_index,
        -- completed_at and deadline are what the feature says now; of other fields history wins.
        case
            when
                c.field in ('completed_at', 'deadline')
                and c.change_number = c.last_change_number
                then present.value
            else c.new_value
        end as value,
        c.old_value as previous_value,
        -- No period begins before the feature did.
        case
            when isfinite(present.created_at) then greatest(c.changed_at, present.created_at)
            else c.changed_at
        end as entered_at
    from changes as c
    inner join present_values as present
        on c.feature_request_id = present.feature_request_id and c.field = present.field
),

named_periods as (
    select
        feature_request_id,
        field,
        period_index,
        case
            when field in ('status', 'project_id') then coalesce(value, '(unknown)') else value
        end as value,
        previous_value,
        entered_at,
        lead(entered_at) over field_in_turn as left_at
    from periods
    window field_in_turn as (partition by feature_request_id, field order by period_index)
),

-- Completed periods of status that follow each other are one completion.
periods_in_runs as (
    select
        *,
        field = 'status' and value = any({{ completed_statuses() }}) as is_completed,
        count(*) filter (where not (field = 'status' and value = any({{ completed_statuses() }})))
            over (partition by feature_request_id, field order by period_index) as run_number
    from named_periods
),

dated_periods as (
    select
        period.*,
        case
            when not period.is_completed then null
            when min(period.period_index) over run > 0 then first_value(period.entered_at) over run
            else coalesce(feature.updated_at, feature.created_at)
        end as completed_since_at,
        greatest(
            {{ local_date('feature.created_at') }},
            max({{ local_date('period.entered_at') }}) over (
                partition by period.feature_request_id, period.field
                order by period.period_index
            )
        ) as from_date
    from periods_in_runs as period
    inner join features as feature on period.feature_request_id = feature.feature_request_id
    window run as (
        partition by period.feature_request_id, period.field, period.run_number, period.is_completed
        order by period.period_index
        rows between unbounded preceding and unbounded following
    )
),

final as (
    select
        feature_request_id,
        field,
        period_index::integer as period_index,
        value,
        previous_value,
        entered_at,
        left_at,
        completed_since_at,
        from_date,
        lead(from_date) over (
            partition by feature_request_id, field
            order by period_index
        ) as to_date
    from dated_periods
)

select *
from final
