select
    comment_id,
    feature_request_id,
    user_id,
    created_at
from {{ source('delivery', 'feature_comments') }}
where {{ can_be_key('raw.feature_comments', 'feature_request_id') }}
