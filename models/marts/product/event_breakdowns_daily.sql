{{
    config(
        unique_key=['date', 'environment', 'event_name', 'property', 'value', 'is_other'],
        meta={'refresh': {'frozen_by': {'column': 'date', 'unit': 'day'}}},
    )
}}

{% set affected %}
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
    union all
    select
        v.date,
        v.environment,
        event_name
    from {{ changed(ref('stg_product__sessions')) }} as s
    inner join {{ ref('int_visits__attributed') }} as v
        on v.session_key = jsonb_build_array(s.environment, s.session_id)::text
    cross join lateral jsonb_object_keys(v.events_breakdown) as event_name
{% endset %}

with

{{ scope(affected) }},

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
        {{ local_date('e.event_at') }} as date,
        e.environment,
        e.event_name,
        e.user_id,
        e.properties,
        e.context,
        s.attributes as session_attributes
    from {{ ref('int_events__attributed') }} as e
    left join {{ ref('stg_product__sessions') }} as s
        on e.environment = s.environment and e.session_id = s.session_id
    where
        {{ in_span('e.event_at', 'date') }}
        and {{ in_scope(
            local_date('e.event_at') ~ ' as date', 'e.environment', 'e.event_name'
        ) }}
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
        {{ breakdown_value(
            'coalesce(e.properties ->> p.property, e.context ->> p.property, '
            ~ 'e.session_attributes ->> p.property)'
        ) }} as value,
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
        value,
        e.user_id
),

-- One row per user went into each value, so that counting them needs no distinct.
values_of_days as (
    select
        date,
        environment,
        event_name,
        property,
        max_values,
        value,
        sum(event_count)::bigint as event_count,
        count(*) as unique_users
    from values_of_users
    group by date, environment, event_name, property, max_values, value
),

ranked_values as (
    select
        *,
        coalesce(
            value is not null
            and row_number() over (
                partition by date, environment, event_name, property, value is null
                order by event_count desc, value collate "C" asc
            ) > max_values,
            false
        ) as is_other
    from values_of_days
),

other_values as (
    select
        u.date,
        u.environment,
        u.event_name,
        u.property,
        sum(u.event_count)::bigint as event_count,
        count(distinct u.user_id) as unique_users
    from values_of_users as u
    inner join ranked_values as r
        on
            r.is_other
            and u.date = r.date
            and u.environment = r.environment
            and u.event_name = r.event_name
            and u.property = r.property
            and u.value = r.value
    group by u.date, u.environment, u.event_name, u.property
),

final as (
    select
        date,
        environment,
        event_name,
        property,
        value,
        is_other,
        event_count,
        unique_users
    from ranked_values
    where not is_other
    union all
    select
        date,
        environment,
        event_name,
        property,
        null as value,
        true as is_other,
        event_count,
        unique_users
    from other_values
)

select *
from final
