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
from {{ ref('int_events__counted') }} as e
left join {{ ref('int_identities__resolved') }} as i
    on e.distinct_id = i.distinct_id
where
    not {{ rare(is_listed('coalesce(i.user_id, e.distinct_id)', 'user_id')) }}
    and not exists (
        select
        from {{ ref('int_exclusions__parsed') }} as x
        where
            x.property = 'user_id'
            and x.operator not in ('eq', 'contains')
            and {{ rare(satisfies('to_jsonb(coalesce(i.user_id, e.distinct_id))', 'x')) }}
    )
