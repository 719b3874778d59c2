{{ config(unique_key=['event_name', 'retention_name']) }}

with

-- Bit 1 of a mask stands for the start event, bit 2 for the return event.
meanings as (
    select
        r.retention_name,
        r.environment,
        r.period,
        r.breakdown_property,
        m.event_name,
        m.step_mask,
        m.filtered
    from {{ ref('int_retentions__defined') }} as r
    cross join lateral ops.funnel_events(r.events, '[]', false) as m
),

names as (
    select distinct event_name
    from meanings
),

-- An event that one retention names may be any event to another one.
final as (
    select distinct on (n.event_name, m.retention_name)
        n.event_name,
        m.retention_name,
        m.environment,
        m.period,
        m.breakdown_property,
        m.step_mask,
        m.filtered
    from names as n
    inner join meanings as m on m.event_name in (n.event_name, '*')
    order by n.event_name asc, m.retention_name asc, m.event_name = n.event_name desc
)

select *
from final
