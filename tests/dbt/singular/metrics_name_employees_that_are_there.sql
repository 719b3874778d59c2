-- Warns of employees whom metrics or interventions name and who have no row of their own: they are
-- in no team. How many, for whoever reads the log of a build need not be one who may know of whom.
{{ config(
    group='people',
    severity='warn',
    meta={'dagster': {'ref': {'name': 'dim_employees', 'package': 'tidemark'}}, 'tells_rows': true},
) }}

with

final as (
    select
        count(*) as employee_count,
        'metrics or interventions name them, and raw.employees has no row of theirs' as problem
    from {{ ref('dim_employees') }} as d
    where
        not exists (
            select from {{ ref('stg_people__employees') }} as e
            where d.employee_id = e.employee_id
        )
    having count(*) > 0
)

select *
from final
