-- Warns of events that a seed names and nobody has ever sent: a funnel, a retention or a feature
-- that waits for such an event stays empty. The tracking plan may: it says what is to come.
{{ config(
    group='product',
    severity='warn',
    meta={'dagster': {'ref': {'name': 'event_counts_monthly', 'package': 'tidemark'}}},
) }}

with

named_events as (
    select
        'seeds/funnel_steps.csv' as seed_file,
        event_name
    from {{ ref('funnel_steps') }}
    union
    select
        'seeds/funnel_exclusions.csv' as seed_file,
        event_name
    from {{ ref('funnel_exclusions') }}
    union
    select
        'seeds/retentions.csv' as seed_file,
        start_event as event_name
    from {{ ref('retentions') }}
    union
    select
        'seeds/retentions.csv' as seed_file,
        return_event as event_name
    from {{ ref('retentions') }}
    union
    select
        'seeds/event_breakdowns.csv' as seed_file,
        event_name
    from {{ ref('event_breakdowns') }}
    union
    select
        'seeds/feature_events.csv' as seed_file,
        event_name
    from {{ ref('feature_events') }}
),

counted_events as (
    select distinct event_name
    from {{ ref('event_counts_monthly') }}
),

final as (
    select
        n.seed_file,
        n.event_name,
        'no such event has ever come: mend the name, or take the row away' as problem
    from named_events as n
    where
        n.event_name <> '*'
        and exists (select from counted_events)
        and not exists (
            select from counted_events as c
            where n.event_name = c.event_name
        )
)

select *
from final
