select
    template_id,
    name,
    ticket_type,
    updated_at
from {{ source('time_tracking', 'workflow_templates') }}
where {{ can_be_key('raw.workflow_templates', 'template_id', 'ticket_type') }}
