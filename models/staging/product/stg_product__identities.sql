select
    distinct_id,
    user_id,
    updated_at
from {{ source('product', 'identities') }}
where {{ can_be_key('raw.identities', 'distinct_id', 'user_id') }}
