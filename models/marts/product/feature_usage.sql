{{
    config(
        unique_key=['feature_name', 'date'],
        meta={'refresh': {'frozen_by': {'column': 'date', 'unit': 'day'}}},
    )
}}

{% set affected %}
    select
        f.feature_name,
        {{ local_date('e.event_at') }} as date
    from {{ changed(ref('stg_product__events')) }} as e
    inner join {{ ref('feature_events') }} as f on e.event_name = f.event_name
    where isfinite(e.event_at)
    union all
    select
        f.feature_name,
        {{ local_date('e.event_at') }} as date
    from {{ changed(ref('int_identities__resolved')) }} as i
    inner join {{ ref('stg_product__events') }} as e on i.distinct_id = e.distinct_id
    inner join {{ ref('feature_events') }} as f on e.event_name = f.event_name
    where isfinite(e.event_at)
{% endset %}

with

{{ scope(affected) }},

features as (
    select distinct
        feature_name,
        event_name,
        duration_property,
        success_property
    from {{ ref('feature_events') }}
),

events as (
    select *
    from {{ ref('int_events__attributed') }}
    where {{ in_span('event_at', 'date') }}
),

uses as (
    select
        f.feature_name,
        {{ local_date('e.event_at') }} as date,
        e.user_id,
        case
            when jsonb_typeof(e.properties -> f.duration_property) = 'number'
                then {{ known_number('(e.properties -> f.duration_property)::numeric') }}
        end as duration_ms,
        nullif(e.properties -> f.success_property, 'null') as success
    from events as e
    inner join features as f on e.event_name = f.event_name
    where {{ in_scope('f.feature_name', local_date('e.event_at') ~ ' as date') }}
),

final as (
    select
        feature_name,
        date,
        count(*) as usage_count,
        count(distinct user_id) as unique_users,
        count(duration_ms) as timed_count,
        sum(duration_ms) as total_duration_ms,
        avg(duration_ms) as avg_duration_ms,
        count(success) as rated_count,
        count(*) filter (where success in ('true', '"true"', '1')) as success_count,
        count(*) filter (where success in ('true', '"true"', '1'))::numeric
        / nullif(count(success), 0) as success_rate
    from uses
    group by feature_name, date
)

select *
from final
