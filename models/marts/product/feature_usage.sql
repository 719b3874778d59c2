{{
    config(
        unique_key=['feature_name', 'date', 'environment'],
        meta={'refresh': {
            'frozen_by': {'column': 'date', 'unit': 'day'}, 'fills': {'environment': "'*'"},
        }},
    )
}}

{% set affected %}
    with touched as (
        select
            {{ local_date('e.event_at') }} as date,
            coalesce(e.environment, 'production') as environment
        from {{ changed(ref('stg_product__events')) }} as e
        inner join {{ ref('feature_events') }} as f on e.event_name = f.event_name
        where isfinite(e.event_at)
        union all
        select
            {{ local_date('e.event_at') }} as date,
            e.environment
        from {{ changed(ref('int_identities__resolved')) }} as i
        inner join {{ ref('stg_product__events') }} as e on i.distinct_id = e.distinct_id
        inner join {{ ref('feature_events') }} as f on e.event_name = f.event_name
        where isfinite(e.event_at)
    )

    -- Not by feature: of a scope that is joined with features the planner believes that it has few
    -- rows, and reads their events once for each of them. A restored date takes the place of the
    -- row that was sealed before environments were apart.
    select
        t.date,
        apart.environment
    from touched as t
    cross join lateral (values (t.environment), ('*')) as apart (environment)
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
    where
        {{ in_span('event_at', 'date') }}
        and {{ in_scope(local_date('event_at') ~ ' as date', 'environment') }}
),

uses as (
    select
        f.feature_name,
        {{ local_date('e.event_at') }} as date,
        e.environment,
        e.user_id,
        case
            when jsonb_typeof(e.properties -> f.duration_property) = 'number'
                then {{ known_number('(e.properties -> f.duration_property)::numeric') }}
        end as duration_ms,
        nullif(e.properties -> f.success_property, 'null') as success
    from events as e
    inner join features as f on e.event_name = f.event_name
),

final as (
    select
        feature_name,
        date,
        environment,
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
    group by feature_name, date, environment
)

select *
from final
