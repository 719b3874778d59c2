select
    change_id,
    feature_request_id,
    field,
    case when field = 'assigned_to_id' then nullif(old_value, '') else old_value end as old_value,
    case when field = 'assigned_to_id' then nullif(new_value, '') else new_value end as new_value,
    changed_by_id,
    changed_at
from {{ source('delivery', 'feature_request_changes') }}
where
    {{ can_be_key(
        'raw.feature_request_changes',
        'change_id',
        'feature_request_id',
        'field',
        "case when field in ('status', 'project_id', 'assigned_to_id') then old_value end",
        "case when field in ('status', 'project_id', 'assigned_to_id') then new_value end"
    ) }}
