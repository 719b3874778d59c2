{{ config(unique_key=['template_id']) }}

{% set affected %}
    select t.template_id
    from {{ changed(ref('stg_time_tracking__templates')) }} as t
    union all
    select s.template_id
    from {{ changed(ref('stg_time_tracking__template_steps')) }} as s
    union all
    select i.template_id
    from {{ changed(ref('stg_time_tracking__instances')) }} as i
{% endset %}

with

{{ scope(affected) }},

templates as (
    select *
    from {{ ref('stg_time_tracking__templates') }}
    where {{ in_scope('template_id') }}
),

touched as (
    select distinct template_id
    from scope
),

-- Ids that have no row of their own, and that steps or workflows name.
unknown_templates as (
    select touched.template_id
    from touched
    where
        not exists (
            select 1
            from {{ ref('stg_time_tracking__templates') }} as t
            where t.template_id = touched.template_id
        )
        and (
            exists (
                select 1
                from {{ ref('stg_time_tracking__template_steps') }} as s
                where s.template_id = touched.template_id
            )
            or exists (
                select 1
                from {{ ref('stg_time_tracking__instances') }} as i
                where i.template_id = touched.template_id
            )
        )
),

final as (
    select
        template_id,
        name as template_name,
        ticket_type
    from templates
    union all
    select
        template_id,
        null as template_name,
        '(unknown)' as ticket_type
    from unknown_templates
)

select *
from final
