{{
    config(
        unique_key=['bucket_start', 'environment', 'event_name'],
        meta={'refresh': {
            'kind': 'delta_merge',
            'of': 'stg_product__events',
            'columns': ['event_count', 'unique_users'],
            'batch': 'day',
            'frozen_by': {'column': 'bucket_start', 'unit': 'hour'},
            'fills': {'date': local_date('bucket_start')},
        }},
    )
}}

{% set affected %}
    select
        {{ bucket_start('hour', 'e.event_at') }} as bucket_start,
        coalesce(e.environment, 'production') as environment,
        e.event_name
    from {{ changed(ref('stg_product__events')) }} as e
    where isfinite(e.event_at)
    union all
    select
        {{ bucket_start('hour', 'e.event_at') }} as bucket_start,
        e.environment,
        e.event_name
    from {{ changed(ref('int_identities__resolved')) }} as i
    inner join {{ ref('stg_product__events') }} as e on i.distinct_id = e.distinct_id
    where isfinite(e.event_at)
{% endset %}

with

{{ scope(affected) }},

touched_buckets as (
    select range_agg({{ bucket_range('hour', 'bucket_start') }}) as spans
    from scope
),

-- A narrowed build reads these only, by reached(): each bucket once for all of its names.
touched_spans as (  -- noqa: ST03
    select
        lower(span) as from_at,
        upper(span) as to_at
    from touched_buckets
    cross join unnest(spans) as span
),

events as (
    select
        {{ bucket_start('hour', 'event_at') }} as bucket_start,
        environment,
        event_name,
        user_id
    from {{ reached(ref('int_events__attributed'), none, 'event_at', 'touched_spans', each=true) }}
    where
        {{ in_scope(
            bucket_start('hour', 'event_at') ~ ' as bucket_start', 'environment', 'event_name', added=true
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
    group by bucket_start, environment, event_name, user_id
),

final as (
    select
        bucket_start,
        environment,
        event_name,
        {{ local_date('bucket_start') }} as date,
        sum(event_count)::bigint as event_count,
        count(*) filter (where {{ is_first_of_user() }}) as unique_users
    from users_of_buckets
    group by bucket_start, environment, event_name
)

select *
from final
