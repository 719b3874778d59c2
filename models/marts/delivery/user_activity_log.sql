{{ config(unique_key=['activity_id']) }}

{% set affected %}
    select a.activity_id
    from {{ changed(ref('stg_delivery__activities')) }} as a
{% endset %}

with

{{ scope(affected) }},

-- The same id at another time is a redelivery: the first stays.
final as (
    select distinct on (activity_id)
        activity_id,
        user_id,
        action_type,
        entity_type,
        entity_id,
        metadata,
        created_at
    from {{ ref('stg_delivery__activities') }}
    where {{ in_scope('activity_id') }}
    order by activity_id, created_at
)

select *
from final
