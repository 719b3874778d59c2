select
    project_id,
    title,
    status,
    created_at,
    updated_at
from {{ source('delivery', 'projects') }}
where {{ can_be_key('raw.projects', 'project_id') }}
