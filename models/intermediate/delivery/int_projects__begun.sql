{{ config(unique_key=['project_id']) }}

with

scope as (
    select m.project_id
    from {{ changed(ref('int_features__moved')) }} as m
),

final as (
    select
        project_id,
        min(date) as first_date
    from {{ ref('int_features__moved') }}
    where {{ in_scope('project_id') }}
    group by project_id
)

select *
from final
