select
    feature_request_id,
    project_id,
    title,
    status,
    priority,
    nullif(assigned_to_id, '') as assigned_to_id,
    {{ known_number('complexity_score') }} as complexity_score,
    {{ known_time('deadline') }} as deadline,
    created_at,
    {{ known_time('completed_at') }} as completed_at,
    {{ known_time('updated_at') }} as updated_at
from {{ source('delivery', 'feature_requests') }}
where
    {{ can_be_key(
        'raw.feature_requests', 'feature_request_id', 'project_id', 'status', 'assigned_to_id'
    ) }}
