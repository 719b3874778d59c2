{{ config(unique_key=['event_name', 'funnel_name']) }}

with

meanings as (
    select
        f.funnel_name,
        f.environment,
        f.step_order,
        f.is_overlapping,
        f.breakdown_property,
        case
            when f.window_seconds < 1e9
                then make_interval(secs => f.window_seconds::double precision)
        end as reach,
        m.event_name,
        m.step_mask,
        m.filtered
    from {{ ref('int_funnels__defined') }} as f
    cross join
        lateral ops.funnel_events(f.steps, f.exclusions, f.step_order = 'strict') as m
),

names as (
    select distinct event_name
    from meanings
),

-- An event that one funnel names may be any event to another one.
final as (
    select distinct on (n.event_name, m.funnel_name)
        n.event_name,
        m.funnel_name,
        m.environment,
        m.step_order,
        m.is_overlapping,
        m.breakdown_property,
        m.reach,
        m.step_mask,
        m.filtered
    from names as n
    inner join meanings as m on m.event_name in (n.event_name, '*')
    order by n.event_name asc, m.funnel_name asc, m.event_name = n.event_name desc
)

select *
from final
