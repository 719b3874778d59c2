{{ config(unique_key=['funnel_name', 'entry_date']) }}

{% set affected %}
    select
        c.funnel_name,
        {{ local_date('c.started_at') }} as entry_date
    from {{ changed(ref('funnel_conversions')) }} as c
    where isfinite(c.started_at)
{% endset %}

with

{{ scope(affected) }},

conversions as (
    select *
    from {{ ref('funnel_conversions') }}
    where {{ in_scope('funnel_name', local_date('started_at') ~ ' as entry_date') }}
),

final as (
    select
        funnel_name,
        {{ local_date('started_at') }} as entry_date,
        count(*) as entered_users,
        count(*) filter (where completed) as completed_users,
        count(*) filter (where completed)::numeric / count(*) as conversion_rate
    from conversions
    group by funnel_name, {{ local_date('started_at') }}
)

select *
from final
