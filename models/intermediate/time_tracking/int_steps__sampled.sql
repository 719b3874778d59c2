{{ config(unique_key=['instance_id', 'user_id', 'step_index']) }}

{% set affected %}
    select s.instance_id
    from {{ changed(ref('int_sessions__totalled')) }} as s
    union all
    select i.instance_id
    from {{ changed(ref('stg_time_tracking__instances')) }} as i
{% endset %}

with

{{ scope(affected) }},

totals as (
    select *
    from {{ ref('int_sessions__totalled') }}
    where {{ in_scope('instance_id') }}
),

completed_instances as (
    select *
    from {{ ref('stg_time_tracking__instances') }}
    where
        completed_at is not null
        and {{ in_scope('instance_id') }}
),

final as (
    select
        instance.instance_id,
        coalesce(total.user_id, instance.user_id) as user_id,
        total.step_index,
        instance.template_id,
        instance.completed_date,
        sum(total.active_seconds) as active_seconds
    from totals as total
    inner join completed_instances as instance on total.instance_id = instance.instance_id
    group by
        instance.instance_id,
        coalesce(total.user_id, instance.user_id),
        total.step_index,
        instance.template_id,
        instance.completed_date
    -- A step without known active time is no sample.
    having sum(total.active_seconds) is not null
)

select *
from final
