{{
    config(
        unique_key=['distinct_id', 'date'],
        meta={'refresh': {'frozen_by': {'column': 'date', 'unit': 'day'}}},
    )
}}

{% set affected %}
    select
        e.distinct_id,
        {{ local_date('e.event_at') }} as date
    from {{ changed(ref('stg_product__events')) }} as e
    where coalesce(e.event_type, 'track') = 'identify' and e.user_id is not null
{% endset %}

with

{{ scope(affected) }},

identify_events as (
    select
        *,
        {{ local_date('event_at') }} as date
    from {{ ref('stg_product__events') }}
    where
        event_type = 'identify'
        and user_id is not null
        -- An empty id is none.
        and user_id <> ''
        -- By the index on distinct_id; then by date.
        and {{ in_scope('distinct_id') }}
        and {{ in_scope('distinct_id', local_date('event_at') ~ ' as date') }}
),

final as (
    select distinct on (distinct_id, date)
        distinct_id,
        date,
        user_id,
        event_at,
        event_id
    from identify_events
    order by distinct_id asc, date asc, event_at desc, event_id desc
)

select *
from final
