{{ config(materialized='view') }}

select
    e.distinct_id,
    e.user_id,
    e.event_at,
    e.event_type = 'identify' as by_identify,
    e._xid
from {{ ref('stg_product__events') }} as e
where {{ identifies('e') }}
