{{ config(unique_key=['bucket_start', 'environment', 'event_name']) }}

with

scope as (
    select
        {{ bucket_start('day', 'e.event_at') }} as bucket_start,
        coalesce(e.environment, 'production') as environment,
        e.event_name
    from {{ changed(ref('stg_product__events')) }} as e
    where isfinite(e.event_at)
    union all
    select
        {{ bucket_start('day', 'e.event_at') }} as bucket_start,
        e.environment,
        e.event_name
    from {{ changed(ref('int_identities__resolved')) }} as i
    inner join {{ ref('stg_product__events') }} as e on i.distinct_id = e.distinct_id
    where isfinite(e.event_at)
),

touched_names as (
    -- A day has no fixed length: 26 hours after its start the next one has begun.
    select
        event_name,
        range_agg(tstzrange(
            bucket_start,
            {{ bucket_start('day', "bucket_start + interval '26 hours'") }}
        )) as spans
    from scope
    group by event_name
),

-- A narrowed build reads these only, by reached().
touched_spans as (  -- noqa: ST03
    select
        touched.event_name,
        lower(span) as from_at,
        upper(span) as to_at
    from touched_names as touched
    cross join unnest(touched.spans) as span
),

events as (
    select
        {{ bucket_start('day', 'event_at') }} as bucket_start,
        environment,
        event_name,
        user_id
    from {{ reached(
        ref('int_events__attributed'), 'event_name', 'event_at', 'touched_spans', each=true
    ) }}
),

-- One row per user, so that counting them needs no distinct.
users_of_buckets as (
    select
        bucket_start,
        environment,
        event_name,
        user_id,
        count(*) as event_count
    from events
    where {{ in_scope('bucket_start', 'environment', 'event_name') }}
    group by bucket_start, environment, event_name, user_id
),

final as (
    select
        bucket_start,
        environment,
        event_name,
        sum(event_count)::bigint as event_count,
        count(*) as unique_users
    from users_of_buckets
    group by bucket_start, environment, event_name
)

select *
from final
