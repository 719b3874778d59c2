select
    template_id,
    name,
    ticket_type,
    updated_at
from {{ source('time_tracking', 'workflow_templates') }}
