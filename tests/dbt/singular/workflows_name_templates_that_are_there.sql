-- Warns of templates that workflows name and that have no row of their own: their work counts, but
-- under the ticket type (unknown) and without an estimate.
{{ config(
    group='time_tracking',
    severity='warn',
    meta={'dagster': {'ref': {'name': 'dim_templates', 'package': 'tidemark'}}, 'tells_rows': true},
) }}

with

final as (
    select
        d.template_id,
        'workflows name this template, which has no row in raw.workflow_templates' as problem
    from {{ ref('dim_templates') }} as d
    where
        not exists (
            select from {{ ref('stg_time_tracking__templates') }} as t
            where d.template_id = t.template_id
        )
)

select *
from final
