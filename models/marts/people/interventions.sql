{{ config(unique_key=['intervention_id']) }}

with

scope as (
    select i.intervention_id
    from {{ changed(ref('stg_people__interventions')) }} as i
    union all
    -- The clock moves those that are open.
    select i.intervention_id
    from {{ ref('stg_people__interventions') }} as i
    where i.status <> all({{ closed_intervention_statuses() }})
),

interventions as (
    select
        *,
        status = any({{ closed_intervention_statuses() }}) as is_closed
    from {{ ref('stg_people__interventions') }}
    where {{ in_scope('intervention_id') }}
),

dated as (
    select
        *,
        {{ local_date('created_at') }} as created_date,
        case
            when is_closed then {{ local_date('updated_at') }}
            else {{ local_date(as_of()) }}
        end as open_until
    from interventions
),

final as (
    select
        intervention_id,
        target_employee_id,
        intervention_type,
        status,
        is_closed,
        created_at,
        updated_at,
        -- An infinite time is no date to count from.
        case
            when isfinite(created_date) and isfinite(open_until)
                then (open_until - created_date)::bigint
        end as days_open
    from dated
)

select *
from final
