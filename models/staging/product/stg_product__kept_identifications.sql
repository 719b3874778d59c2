select
    distinct_id,
    user_id,
    event_at,
    event_type = 'identify' as by_identify
from {{ source('retention', 'kept_identifications') }}
where
    event_type in ('identify', 'alias')
    or {{ var('events_identify') }}
