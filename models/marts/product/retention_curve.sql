{{ config(unique_key=['retention_name', 'is_total', 'breakdown_value', 'period_index']) }}

{% set affected %}
    select c.retention_name
    from {{ changed(ref('retention_cohorts')) }} as c
{% endset %}

with

{{ scope(affected) }},

cohorts as (
    select *
    from {{ ref('retention_cohorts') }}
    where {{ in_scope('retention_name') }}
),

final as (
    select
        retention_name,
        is_total,
        breakdown_value,
        period_index,
        count(*) as cohorts,
        sum(cohort_size)::bigint as cohort_users,
        sum(returned_users)::bigint as returned_users,
        sum(returned_users) / nullif(sum(cohort_size), 0) as retention_rate
    from cohorts
    group by retention_name, is_total, breakdown_value, period_index
)

select *
from final
