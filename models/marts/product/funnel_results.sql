{{ config(unique_key=['funnel_name', 'is_total', 'breakdown_value']) }}

{% set affected %}
    select c.funnel_name
    from {{ changed(ref('funnel_conversions')) }} as c
    union all
    select f.funnel_name
    from {{ changed(ref('int_funnels__defined')) }} as f
{% endset %}

with

{{ scope(affected) }},

funnels as (
    select *
    from {{ ref('int_funnels__defined') }}
    where {{ in_scope('funnel_name') }}
),

conversions as (
    select *
    from {{ ref('funnel_conversions') }}
    where {{ in_scope('funnel_name') }}
),

-- A funnel that nobody entered has a total too.
totals as (
    select
        f.funnel_name,
        true as is_total,
        null as breakdown_value,
        count(c.user_id) as entered_users,
        count(c.user_id) filter (where c.completed) as completed_users,
        sum({{ seconds_between('c.started_at', 'c.completed_at') }}) as total_seconds
    from funnels as f
    left join conversions as c on f.funnel_name = c.funnel_name
    group by f.funnel_name
),

breakdowns as (
    select
        f.funnel_name,
        false as is_total,
        c.breakdown_value,
        count(*) as entered_users,
        count(*) filter (where c.completed) as completed_users,
        sum({{ seconds_between('c.started_at', 'c.completed_at') }}) as total_seconds
    from funnels as f
    inner join conversions as c on f.funnel_name = c.funnel_name
    where f.breakdown_property is not null
    group by f.funnel_name, c.breakdown_value
),

results as (
    select * from totals
    union all
    select * from breakdowns
),

final as (
    select
        funnel_name,
        is_total,
        breakdown_value,
        entered_users,
        completed_users,
        completed_users::numeric / nullif(entered_users, 0) as overall_conversion_rate,
        total_seconds as total_time_to_convert_seconds,
        total_seconds / nullif(completed_users, 0) as avg_time_to_convert_seconds
    from results
)

select *
from final
