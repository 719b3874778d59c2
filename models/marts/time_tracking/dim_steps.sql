{{ config(unique_key=['template_id', 'step_index']) }}

{% set affected %}
    select
        s.template_id,
        s.step_index
    from {{ changed(ref('stg_time_tracking__template_steps')) }} as s
    union all
    select
        i.template_id,
        s.step_index
    from {{ changed(ref('int_sessions__totalled')) }} as s
    inner join {{ ref('stg_time_tracking__instances') }} as i on s.instance_id = i.instance_id
    union all
    select
        i.template_id,
        s.step_index
    from {{ changed(ref('stg_time_tracking__instances')) }} as i
    inner join {{ ref('int_sessions__totalled') }} as s on i.instance_id = s.instance_id
{% endset %}

with

{{ scope(affected) }},

steps as (
    select *
    from {{ ref('stg_time_tracking__template_steps') }}
    where {{ in_scope('template_id', 'step_index') }}
),

touched as (
    select distinct
        template_id,
        step_index
    from scope
),

-- Steps that have no row of their own, and in which somebody worked.
unknown_steps as (
    select
        touched.template_id,
        touched.step_index
    from touched
    where
        not exists (
            select 1
            from {{ ref('stg_time_tracking__template_steps') }} as s
            where
                s.template_id = touched.template_id
                and s.step_index = touched.step_index
        )
        and exists (
            select 1
            from {{ ref('stg_time_tracking__instances') }} as i
            inner join {{ ref('int_sessions__totalled') }} as s on i.instance_id = s.instance_id
            where
                i.template_id = touched.template_id
                and s.step_index = touched.step_index
        )
),

final as (
    select
        template_id,
        step_index,
        name as step_name,
        estimated_seconds
    from steps
    union all
    select
        template_id,
        step_index,
        null as step_name,
        null as estimated_seconds
    from unknown_steps
)

select *
from final
