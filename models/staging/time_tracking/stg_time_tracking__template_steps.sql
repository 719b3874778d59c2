select
    template_id,
    step_index,
    name,
    estimated_minutes * 60 as estimated_seconds
from {{ source('time_tracking', 'workflow_template_steps') }}
