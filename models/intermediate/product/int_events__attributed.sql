{{ config(materialized='view') }}

with

events as (
    select *
    from {{ ref('int_events__counted') }}
),

identities as (
    select *
    from {{ ref('int_identities__resolved') }}
),

exclusions as (
    select *
    from {{ ref('int_exclusions__parsed') }}
),

final as (
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
    from events as e
    left join identities as i on e.distinct_id = i.distinct_id
    where
        not exists (
            select
            from exclusions as x
            where
                x.property = 'user_id'
                and {{ satisfies('to_jsonb(coalesce(i.user_id, e.distinct_id))', 'x') }}
        )
)

select *
from final
