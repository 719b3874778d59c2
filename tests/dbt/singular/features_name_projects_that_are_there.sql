-- Warns of projects that features name and that have no row of their own: they are listed without a
-- title.
{{ config(
    group='delivery',
    severity='warn',
    meta={'dagster': {'ref': {'name': 'dim_projects', 'package': 'tidemark'}}, 'tells_rows': true},
) }}

with

final as (
    select
        d.project_id,
        'features name this project, which has no row in raw.projects' as problem
    from {{ ref('dim_projects') }} as d
    where
        not exists (
            select from {{ ref('stg_delivery__projects') }} as p
            where d.project_id = p.project_id
        )
)

select *
from final
