select
    instance_id,
    template_id,
    user_id,
    ticket_id,
    status,
    started_at,
    completed_at,
    {{ local_date('completed_at') }} as completed_date,
    updated_at
from {{ source('time_tracking', 'workflow_instances') }}
