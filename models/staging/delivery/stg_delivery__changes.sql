select
    change_id,
    feature_request_id,
    field,
    old_value,
    new_value,
    changed_by_id,
    changed_at
from {{ source('delivery', 'feature_request_changes') }}
