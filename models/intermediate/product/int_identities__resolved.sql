{{ config(unique_key=['distinct_id']) }}

{% set affected %}
    select i.distinct_id
    from {{ changed(ref('stg_product__identities')) }} as i
    union all
    select e.distinct_id
    from {{ changed(ref('int_identifications__dated')) }} as e
{% endset %}

with

{{ scope(affected) }},

identities as (
    select *
    from {{ ref('stg_product__identities') }}
    where {{ in_scope('distinct_id') }}
),

identifications as (
    select *
    from {{ ref('int_identifications__dated') }}
    where {{ in_scope('distinct_id') }}
),

latest_identifications as (
    select distinct on (distinct_id)
        distinct_id,
        user_id
    from identifications
    order by distinct_id asc, event_at desc, event_id desc
),

final as (
    select
        coalesce(i.distinct_id, e.distinct_id) as distinct_id,
        coalesce(i.user_id, e.user_id) as user_id
    from identities as i
    full outer join latest_identifications as e on i.distinct_id = e.distinct_id
)

select *
from final
