select
    event_id,
    coalesce(event_type, 'track') as event_type,
    event_name,
    event_at,
    distinct_id,
    user_id,
    nullif(session_id, '') as session_id,
    coalesce(environment, 'production') as environment,
    properties,
    context,
    page_url,
    referrer,
    _xid
from {{ source('product', 'events') }}
where
    {{ has_time('event_at') }}
    and {{ can_be_key(
        'raw.events', 'event_name', 'distinct_id', 'user_id', 'session_id', 'environment'
    ) }}
