{{ config(unique_key=['intervention_id']) }}

{% set affected %}
    select i.intervention_id
    from {{ changed(ref('stg_people__interventions')) }} as i
    union all
    -- A new date moves those that are open.
    select i.intervention_id
    from {{ changed(ref('int_windows__dated')) }} as w
    cross join {{ ref('stg_people__interventions') }} as i
    where
        w.last_date is not null
        and i.status <> all({{ closed_intervention_statuses() }})
{% endset %}

with

{{ scope(affected) }},

interventions as (
    select
        *,
        status = any({{ closed_intervention_statuses() }}) as is_closed
    from {{ ref('stg_people__interventions') }}
    where {{ in_scope('intervention_id') }}
),

-- Every window ends today.
today as (
    select max(last_date) as date
    from {{ ref('int_windows__dated') }}
),

dated as (
    select
        i.*,
        {{ local_date('i.created_at') }} as created_date,
        case
            when i.is_closed then {{ local_date('i.updated_at') }}
            else today.date
        end as open_until
    from interventions as i
    cross join today
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
