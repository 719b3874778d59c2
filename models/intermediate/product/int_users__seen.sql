{{ config(unique_key=['environment', 'user_id']) }}

{% set affected %}
    select
        v.environment,
        v.user_id
    from {{ changed(ref('int_visits__attributed')) }} as v
{% endset %}

with

{{ scope(affected) }},

visits as (
    select *
    from {{ ref('int_visits__attributed') }}
    where {{ in_scope('environment', 'user_id') }}
),

final as (
    select
        environment,
        user_id,
        min(started_at) as first_seen_at,
        min(date) as first_seen_date
    from visits
    group by environment, user_id
)

select *
from final
