{{ config(materialized='view') }}

select
    e.event_id,
    e.event_type,
    e.event_name,
    e.event_at,
    e.distinct_id,
    coalesce(i.user_id, e.distinct_id) as user_id,
    e.session_id,
    e.environment,
    e.properties,
    e.context,
    e.page_url,
    e.referrer,
    e._xid
from {{ ref('stg_product__events') }} as e
left join {{ ref('int_identities__resolved') }} as i on e.distinct_id = i.distinct_id
where {{ counts('e', 'i.user_id') }}
