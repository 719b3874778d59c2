select
    distinct_id,
    user_id,
    updated_at
from {{ source('product', 'identities') }}
