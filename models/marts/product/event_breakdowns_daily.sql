{{
    config(unique_key=['date', 'environment', 'event_name', 'property', 'value', 'is_other'])
}}

with

scope as (
    select
        {{ local_date('e.event_at') }} as date,
        coalesce(e.environment, 'production') as environment,
        e.event_name
    from {{ changed(ref('stg_product__events')) }} as e
    where isfinite(e.event_at)
    union all
    select
        {{ local_date('e.event_at') }} as date,
        e.environment,
        e.event_name
    from {{ changed(ref('int_identities__resolved')) }} as i
    inner join {{ ref('stg_product__events') }} as e on i.distinct_id = e.distinct_id
    where isfinite(e.event_at)
),

-- Clocks that go back around midnight make a date longer than from its start to the next one's.
touched_spans as (
    select
        {{ date_start('min(date)') }} - interval '3 hours' as from_at,
        {{ date_start('max(date) + 1') }} + interval '3 hours' as to_at
    from scope
),

breakdowns as (
    select
        event_name,
        property,
        max(max_values) as max_values
    from {{ ref('event_breakdowns') }}
    group by event_name, property
),

events as (
    select
        {{ local_date('event_at') }} as date,
        environment,
        event_name,
        user_id,
        properties
    from {{ ref('int_events__attributed') }}
    where
        {{ in_span('event_at', of='touched_spans') }}
        and {{ in_scope(local_date('event_at') ~ ' as date', 'environment', 'event_name') }}
),

event_names as (
    select distinct event_name
    from events
),

properties_of_events as (
    select
        n.event_name,
        b.property,
        b.max_values
    from event_names as n
    inner join breakdowns as b on n.event_name = b.event_name
    union all
    select
        n.event_name,
        b.property,
        b.max_values
    from event_names as n
    inner join breakdowns as b on b.event_name = '*'
    left join breakdowns as own on n.event_name = own.event_name and b.property = own.property
    where own.property is null
),

values_of_users as (
    select
        e.date,
        e.environment,
        e.event_name,
        p.property,
        p.max_values,
        -- The grain is a key of the table, and a key of PostgreSQL holds no more than 2,700 bytes.
        left(e.properties ->> p.property, 600) as value,
        e.user_id,
        count(*) as event_count
    from events as e
    inner join properties_of_events as p on e.event_name = p.event_name
    group by
        e.date,
        e.environment,
        e.event_name,
        p.property,
        p.max_values,
        left(e.properties ->> p.property, 600),
        e.user_id
),

values_of_days as (
    select
        date,
        environment,
        event_name,
        property,
        value,
        coalesce(
            value is not null
            and row_number() over (
                partition by date, environment, event_name, property, value is null
                order by sum(event_count) desc, value collate "C" asc
            ) > max_values,
            false
        ) as is_other
    from values_of_users
    group by date, environment, event_name, property, max_values, value
),

final as (
    select
        u.date,
        u.environment,
        u.event_name,
        u.property,
        case when not d.is_other then u.value end as value,
        d.is_other,
        sum(u.event_count)::bigint as event_count,
        count(distinct u.user_id) as unique_users
    from values_of_users as u
    inner join values_of_days as d
        on
            u.date = d.date
            and u.environment = d.environment
            and u.event_name = d.event_name
            and u.property = d.property
            and u.value is not distinct from d.value
    group by
        u.date,
        u.environment,
        u.event_name,
        u.property,
        case when not d.is_other then u.value end,
        d.is_other
)

select *
from final
