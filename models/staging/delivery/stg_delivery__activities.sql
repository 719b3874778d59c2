select
    activity_id,
    user_id,
    action_type,
    entity_type,
    entity_id,
    metadata,
    created_at
from {{ source('delivery', 'user_activity_log') }}
where
    {{ can_be_key(
        'raw.user_activity_log', 'activity_id', 'user_id', 'action_type', 'entity_type', 'entity_id'
    ) }}
