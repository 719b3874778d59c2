select
    funnel_name,
    user_id,
    definition,
    breakdown_value,
    session_id,
    started_at,
    completed_at,
    current_step,
    completed,
    step_timestamps
from {{ source('retention', 'kept_funnel_attempts') }}
