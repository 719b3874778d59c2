{{ config(unique_key=['employee_id']) }}

{% set affected %}
    select e.employee_id
    from {{ changed(ref('stg_people__employees')) }} as e
    union all
    select m.employee_id
    from {{ changed(ref('employee_metrics_daily')) }} as m
    union all
    select i.target_employee_id as employee_id
    from {{ changed(ref('interventions')) }} as i
{% endset %}

with

{{ scope(affected) }},

employees as (
    select *
    from {{ ref('stg_people__employees') }}
    where {{ in_scope('employee_id') }}
),

touched as (
    select distinct employee_id
    from scope
),

-- Ids that have no row of their own, and that metrics or interventions name.
unknown_employees as (
    select touched.employee_id
    from touched
    where
        not exists (
            select 1
            from {{ ref('stg_people__employees') }} as e
            where e.employee_id = touched.employee_id
        )
        and (
            exists (
                select 1
                from {{ ref('employee_metrics_daily') }} as m
                where m.employee_id = touched.employee_id
            )
            or exists (
                select 1
                from {{ ref('interventions') }} as i
                where i.target_employee_id = touched.employee_id
            )
        )
),

final as (
    select
        employee_id,
        name as employee_name,
        team_name
    from employees
    union all
    select
        employee_id,
        null as employee_name,
        null as team_name
    from unknown_employees
)

select *
from final
