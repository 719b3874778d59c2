{{ config(unique_key=['instance_id']) }}

{% set affected %}
    select i.instance_id
    from {{ changed(ref('stg_time_tracking__instances')) }} as i
    union all
    select s.instance_id
    from {{ changed(ref('int_sessions__totalled')) }} as s
    union all
    select i.instance_id
    from {{ changed(ref('stg_time_tracking__templates')) }} as t
    inner join {{ ref('stg_time_tracking__instances') }} as i on t.template_id = i.template_id
    union all
    select i.instance_id
    from {{ changed(ref('stg_time_tracking__template_steps')) }} as s
    inner join {{ ref('stg_time_tracking__instances') }} as i on s.template_id = i.template_id
{% endset %}

with

{{ scope(affected) }},

completed_instances as (
    select *
    from {{ ref('stg_time_tracking__instances') }}
    where
        completed_at is not null
        and {{ in_scope('instance_id') }}
),

templates as (
    select *
    from {{ ref('stg_time_tracking__templates') }}
),

estimates as (
    select
        template_id,
        sum(estimated_seconds) as estimated_seconds
    from {{ ref('stg_time_tracking__template_steps') }}
    group by template_id
),

session_totals as (
    select
        instance_id,
        sum(active_seconds) as active_seconds,
        sum(paused_seconds) as paused_seconds,
        sum(session_count)::bigint as session_count
    from {{ ref('int_sessions__totalled') }}
    where {{ in_scope('instance_id') }}
    group by instance_id
),

final as (
    select
        instance.instance_id,
        instance.user_id,
        instance.template_id,
        coalesce(t.ticket_type, '(unknown)') as ticket_type,
        instance.ticket_id,
        instance.completed_at,
        instance.completed_date,
        total.active_seconds,
        total.paused_seconds,
        estimate.estimated_seconds,
        total.active_seconds / nullif(estimate.estimated_seconds, 0) as efficiency_ratio,
        coalesce(total.session_count, 0) as session_count
    from completed_instances as instance
    left join templates as t on instance.template_id = t.template_id
    left join estimates as estimate on t.template_id = estimate.template_id
    left join session_totals as total on instance.instance_id = total.instance_id
)

select *
from final
