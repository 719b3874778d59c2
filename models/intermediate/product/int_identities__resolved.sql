{{ config(unique_key=['distinct_id']) }}

with

scope as (
    select i.distinct_id
    from {{ changed(ref('stg_product__identities')) }} as i
    union all
    select e.distinct_id
    from {{ changed(ref('stg_product__events')) }} as e
    where coalesce(e.event_type, 'track') = 'identify' and e.user_id is not null
),

identities as (
    select *
    from {{ ref('stg_product__identities') }}
    where {{ in_scope('distinct_id') }}
),

identify_events as (
    select *
    from {{ ref('stg_product__events') }}
    where
        event_type = 'identify'
        and user_id is not null
        and {{ in_scope('distinct_id') }}
),

latest_identify_events as (
    select distinct on (distinct_id)
        distinct_id,
        user_id
    from identify_events
    order by distinct_id asc, event_at desc, event_id desc
),

final as (
    select
        coalesce(i.distinct_id, e.distinct_id) as distinct_id,
        coalesce(i.user_id, e.user_id) as user_id
    from identities as i
    full outer join latest_identify_events as e on i.distinct_id = e.distinct_id
)

select *
from final
