{{
    config(
        unique_key=['instance_id', 'user_id', 'step_index'],
        meta={'refresh': {'frozen_by': {'key': 'instance_id'}}},
    )
}}

{% set affected %}
    select s.instance_id
    from {{ changed(ref('stg_time_tracking__sessions')) }} as s
{% endset %}

with

{{ scope(affected) }},

sessions as (
    select *
    from {{ ref('stg_time_tracking__sessions') }}
    where {{ in_scope('instance_id') }}
),

final as (
    select
        instance_id,
        user_id,
        step_index,
        count(*) as session_count,
        sum(active_seconds) as active_seconds,
        sum(paused_seconds) as paused_seconds
    from sessions
    group by instance_id, user_id, step_index
)

select *
from final
