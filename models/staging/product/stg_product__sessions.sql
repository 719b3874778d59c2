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
    updated_at,
    jsonb_strip_nulls(
        jsonb_build_object(
            'device_type', device_type,
            'browser', browser,
            'os', os,
            'country', country,
            'city', city,
            'referrer', referrer,
            'landing_page', landing_page,
            'exit_page', exit_page
        )
    ) as attributes
from {{ source('product', 'sessions') }}
where {{ can_be_key('raw.sessions', 'session_id', 'environment') }}
