{{ config(materialized='view') }}

select
    e.event_id,
    e.event_type,
    e.event_name,
    e.event_at,
    e.distinct_id,
    e.user_id as own_user_id,
    e.session_id,
    e.environment,
    e.properties,
    e.context,
    e.page_url,
    e.referrer,
    e._xid
from {{ ref('stg_product__events') }} as e
where {{ counts('e') }}
