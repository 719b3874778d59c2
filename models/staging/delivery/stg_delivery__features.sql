select
    feature_request_id,
    project_id,
    title,
    status,
    priority,
    assigned_to_id,
    complexity_score,
    deadline,
    created_at,
    completed_at,
    updated_at
from {{ source('delivery', 'feature_requests') }}
