select
    template_id,
    step_index,
    name,
    {{ known_number('estimated_minutes') }} * 60 as estimated_seconds
from {{ source('time_tracking', 'workflow_template_steps') }}
where {{ can_be_key('raw.workflow_template_steps', 'template_id') }}
