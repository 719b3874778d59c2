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
    e.referrer
from {{ ref('int_events__counted') }} as e
left join {{ ref('int_identities__resolved') }} as i
    on e.distinct_id = i.distinct_id
where
    not exists (
        select
        from {{ ref('int_exclusions__parsed') }} as x
        where
            x.property = 'user_id'
            and {{ satisfies('to_jsonb(coalesce(i.user_id, e.distinct_id))', 'x') }}
    )
