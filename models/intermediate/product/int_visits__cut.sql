{{
    config(
        unique_key=['environment', 'distinct_id', 'started_at', 'session_id'],
        meta={'refresh': {
            'frozen_by': {'column': 'date', 'unit': 'day'},
            'fills': {
                'landed_at': 'case when landing_page is not null then started_at end',
                'landing_event_id': 'case when landing_page is not null then first_event_id end',
                'left_at': 'case when exit_page is not null then ended_at end',
                'exit_event_id': 'case when exit_page is not null then last_event_id end',
            },
        }},
    )
}}

{% set affected %}
    select
        coalesce(e.environment, 'production') as environment,
        e.distinct_id,
        {{ local_date('e.event_at') }} as date
    from {{ changed(ref('int_events__counted')) }} as e
    where isfinite(e.event_at)
{% endset %}

with

{{ scope(affected) }},

-- Clocks that go back around midnight make a date longer than from its start to the next one's.
long_days as (
    select
        distinct_id,
        range_agg(
            tstzrange(
                {{ date_start('date') }} - interval '3 hours',
                {{ date_start('date + 1') }} + interval '3 hours'
            )
        ) as spans
    from scope
    group by distinct_id
),

-- A narrowed build reads these only, by reached().
touched_spans as (  -- noqa: ST03
    select
        long_day.distinct_id,
        lower(span) as from_at,
        upper(span) as to_at
    from long_days as long_day
    cross join unnest(long_day.spans) as span
),

events as (
    select
        environment,
        distinct_id,
        {{ local_date('event_at') }} as date,
        session_id,
        event_at,
        event_id,
        event_name,
        page_url,
        referrer,
        context
    from {{ reached(ref('int_events__counted'), 'distinct_id', 'event_at', 'touched_spans') }}
    where {{ in_scope('environment', 'distinct_id', local_date('event_at') ~ ' as date') }}
),

-- A visit is cut at midnight too, so that a change costs one day at most; sessions put it together.
events_at_edges as (
    select
        *,
        case
            when session_id is null
                then
                    coalesce(event_at - lag(event_at) over day > {{ session_timeout() }}, true)
            else lag(event_at) over day is null
        end as is_first,
        case
            when session_id is null
                then
                    coalesce(lead(event_at) over day - event_at > {{ session_timeout() }}, true)
            else lead(event_at) over day is null
        end as is_last
    from events
    window day as (
        partition by environment, distinct_id, date, session_id
        order by event_at, event_id
    )
),

events_of_visits as (
    select
        *,
        count(*) filter (where is_first) over (
            partition by environment, distinct_id, date, session_id
            order by event_at, event_id
        ) as visit_number,
        -- Which page of the day it is, its event and its address: a text that sorts by time.
        case
            when page_url is not null
                then lpad(
                    (count(page_url) over (
                        partition by environment, distinct_id, date, session_id
                        order by event_at, event_id
                    ))::text,
                    10,
                    '0'
                ) || event_id::text || page_url
        end as page
    from events_at_edges
),

names_of_visits as (
    select
        environment,
        distinct_id,
        date,
        session_id,
        visit_number,
        event_name,
        count(*) as event_count,
        min(event_at) as started_at,
        max(event_at) as ended_at,
        max(event_id::text) filter (where is_first) as first_event_id,
        max(event_id::text) filter (where is_last) as last_event_id,
        min(page collate "C") as first_page,
        max(page collate "C") as last_page,
        min(event_at) filter (where page is not null) as landed_at,
        max(event_at) filter (where page is not null) as left_at,
        max(referrer) filter (where is_first) as referrer,
        max(context ->> 'device_type') filter (where is_first) as device_type,
        max(context ->> 'browser') filter (where is_first) as browser,
        max(context ->> 'os') filter (where is_first) as os,
        max(context ->> 'country') filter (where is_first) as country,
        max(context ->> 'city') filter (where is_first) as city
    from events_of_visits
    group by environment, distinct_id, date, session_id, visit_number, event_name
),

final as (
    select
        environment,
        distinct_id,
        min(started_at) as started_at,
        session_id,
        date,
        max(ended_at) as ended_at,
        max(first_event_id) as first_event_id,
        max(last_event_id) as last_event_id,
        sum(event_count)::bigint as event_count,
        jsonb_object_agg(event_name, event_count) as events_breakdown,
        substr(min(first_page), 47) as landing_page,
        substr(max(last_page), 47) as exit_page,
        min(landed_at) as landed_at,
        substr(min(first_page), 11, 36) as landing_event_id,
        max(left_at) as left_at,
        substr(max(last_page), 11, 36) as exit_event_id,
        max(referrer) as referrer,
        max(device_type) as device_type,
        max(browser) as browser,
        max(os) as os,
        max(country) as country,
        max(city) as city
    from names_of_visits
    group by environment, distinct_id, date, session_id, visit_number
)

select *
from final
