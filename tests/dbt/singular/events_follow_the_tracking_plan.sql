-- Warns of events that the seed tracking_plan does not know, and of those that lack a property that
-- it requires, by event name. They count in the marts like all others. Events since the last look
-- are read, whatever their time: older trouble was warned of when it came.
{{ config(
    group='product',
    severity='warn',
    meta={
        'dagster': {'ref': {'name': 'stg_product__events', 'package': 'tidemark'}},
        'tells_rows': true,
    },
) }}

with

new_events as (
    select
        event_name,
        properties
    from {{ ref('stg_product__events') }}
    where
        {{ is_new_to_test('_xid', 'events_follow_the_tracking_plan') }}
        -- Of a forgotten person's events few properties are left.
        and distinct_id not like 'forgotten-%'
),

tracking_plan as (
    select
        event_name,
        regexp_split_to_array(trim(required_properties), '[\s,;]+') as required_properties
    from {{ ref('tracking_plan') }}
),

unknown_events as (
    select
        e.event_name,
        'not in the tracking plan' as problem,
        null as property,
        count(*) as event_count
    from new_events as e
    left join tracking_plan as p on e.event_name = p.event_name
    where p.event_name is null
    group by e.event_name
),

missing_properties as (
    select
        e.event_name,
        'without a required property' as problem,
        required.property,
        count(*) as event_count
    from new_events as e
    inner join tracking_plan as p on e.event_name = p.event_name
    cross join unnest(p.required_properties) as required (property)
    where
        required.property <> ''
        and coalesce(e.properties -> required.property, 'null') = 'null'
    group by e.event_name, required.property
),

final as (
    select * from unknown_events
    union all
    select * from missing_properties
)

select *
from final
