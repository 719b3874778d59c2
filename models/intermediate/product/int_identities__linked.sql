{{ config(unique_key=['distinct_id']) }}

{% set affected %}
    select i.distinct_id
    from {{ changed(ref('stg_product__identities')) }} as i
    union all
    select n.distinct_id
    from {{ changed(ref('int_identities__named')) }} as n
{% endset %}

with

{{ scope(affected) }},

identities as (
    select *
    from {{ ref('stg_product__identities') }}
    where
        user_id <> ''
        and {{ in_scope('distinct_id') }}
),

names as (
    select *
    from {{ ref('int_identities__named') }}
    where {{ in_scope('distinct_id') }}
),

latest_names as (
    select distinct on (distinct_id)
        distinct_id,
        user_id
    from names
    order by
        distinct_id asc, identified_at desc, by_identify desc, user_id collate "C" desc
),

final as (
    select
        coalesce(i.distinct_id, n.distinct_id) as distinct_id,
        coalesce(i.user_id, n.user_id) as next_id
    from identities as i
    full outer join latest_names as n on i.distinct_id = n.distinct_id
)

select *
from final
