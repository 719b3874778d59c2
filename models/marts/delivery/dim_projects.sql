{{ config(unique_key=['project_id']) }}

{% set affected %}
    select p.project_id
    from {{ changed(ref('stg_delivery__projects')) }} as p
    union all
    select f.project_id
    from {{ changed(ref('stg_delivery__features')) }} as f
    union all
    select s.value as project_id
    from {{ changed(ref('int_features__spanned')) }} as s
    where
        s.field = 'project_id'
        and s.value is not null
{% endset %}

with

{{ scope(affected) }},

projects as (
    select *
    from {{ ref('stg_delivery__projects') }}
    where {{ in_scope('project_id') }}
),

touched as (
    select distinct project_id
    from scope
),

-- Ids that have no row of their own, and in which features are or once were.
unknown_projects as (
    select touched.project_id
    from touched
    where
        not exists (
            select 1
            from {{ ref('stg_delivery__projects') }} as p
            where p.project_id = touched.project_id
        )
        and (
            exists (
                select 1
                from {{ ref('stg_delivery__features') }} as f
                where f.project_id = touched.project_id
            )
            or exists (
                select 1
                from {{ ref('int_features__spanned') }} as s
                where
                    s.field = 'project_id'
                    and s.value = touched.project_id
            )
        )
),

final as (
    select
        project_id,
        title as project_title,
        status
    from projects
    union all
    select
        project_id,
        null as project_title,
        null as status
    from unknown_projects
)

select *
from final
