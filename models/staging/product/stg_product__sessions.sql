select
    session_id,
    environment,
    user_id,
    started_at,
    ended_at,
    device_type,
    browser,
    os,
    country,
    city,
    referrer,
    landing_page,
    exit_page,
    updated_at
from {{ source('product', 'sessions') }}
where {{ can_be_key('raw.sessions', 'session_id', 'environment') }}
