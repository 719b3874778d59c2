with

source as (
    select *
    from {{ source('time_tracking', 'workflow_templates') }}
),

final as (
    select
        template_id,
        name,
        ticket_type,
        updated_at
    from source
)

select *
from final
