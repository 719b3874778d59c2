{{
    config(
        unique_key=['distinct_id', 'user_id'],
        meta={'refresh': {
            'kind': 'retain_best',
            'order': ['identified_at desc', 'by_identify desc'],
            'began': 'identified_at',
            'lookback_days': 0,
        }},
    )
}}

{% set affected %}
    -- An event changes nothing of what was said before it.
    select
        e.distinct_id,
        e.user_id,
        min(e.event_at) as reads_from
    from {{ changed(ref('stg_product__events')) }} as e
    where {{ identifies('e') }}
    group by e.distinct_id, e.user_id
{% endset %}

with

{{ scope(affected) }},

-- A narrowed build reads these only, by reached().
spans_of_ids as (  -- noqa: ST03
    select
        distinct_id,
        min(reads_from) as from_at,
        'infinity'::timestamptz as to_at
    from scope
    group by distinct_id
),

-- What archived events said (ops.keep_identifications): retention leaves nothing to read back to.
said as (
    select
        distinct_id,
        user_id,
        event_at,
        by_identify
    from {{ reached(
        ref('int_identifications__found'), 'distinct_id', 'event_at', 'spans_of_ids', each=true
    ) }}
    where {{ in_scope('distinct_id', 'user_id') }}
    union all
    select
        distinct_id,
        user_id,
        event_at,
        by_identify
    from {{ ref('stg_product__kept_identifications') }}
    where {{ in_scope('distinct_id', 'user_id') }}
),

final as (
    select
        distinct_id,
        user_id,
        max(event_at) as identified_at,
        coalesce(max(event_at) filter (where by_identify) = max(event_at), false) as by_identify
    from said
    group by distinct_id, user_id
)

select *
from final
