select
    instance_id,
    template_id,
    user_id,
    ticket_id,
    status,
    {{ known_time('started_at') }} as started_at,
    {{ known_time('completed_at') }} as completed_at,
    {{ local_date(known_time('completed_at')) }} as completed_date,
    updated_at
from {{ source('time_tracking', 'workflow_instances') }}
where {{ can_be_key('raw.workflow_instances', 'instance_id', 'template_id', 'user_id') }}
