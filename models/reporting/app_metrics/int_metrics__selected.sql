{{
    config(
        unique_key=['name', 'selection', 'period', 'starts_at'],
        meta={'refresh': {'frozen_by': {
            'column': 'starts_at', 'unit_column': 'period', 'units': {'day': 'day', 'week': 'week'},
        }}},
    )
}}

{% set affected %}
    with changed_rules as (
        select
            r.entity_like,
            r.period
        from {{ changed(ref('int_alert_rules__checked')) }} as r
        where r.entity_type = 'metric' and r.selection <> '{}'
    ),

    asked as (
        select
            r.entity_like,
            r.period
        from {{ ref('int_alert_rules__checked') }} as r
        where r.entity_type = 'metric' and r.selection <> '{}'
        union
        select
            entity_like,
            period
        from changed_rules
    )

    -- Where no rule asks, no point is looked at.
    select
        p.name,
        of_time.period,
        of_time.starts_at
    from {{ changed(ref('stg_app_metrics__points')) }} as p
    cross join lateral {{ day_and_week_of('p.recorded_at') }} as of_time (period, starts_at)
    where
        exists (select 1 from asked)
        and {{ measured('p.recorded_at', 'p.value') }}
        and exists (
            select 1
            from asked as a
            where
                a.period = of_time.period
                and (a.entity_like is null or p.name like a.entity_like)
        )
    union all
    -- A changed rule asks for every period in which its metrics have points.
    select
        m.name,
        c.period,
        m.period_start as starts_at
    from changed_rules as c
    inner join {{ ref('metric_aggregates') }} as m
        on
            case c.period when 'day' then 'daily' else 'weekly' end = m.period_type
            and (c.entity_like is null or m.name like c.entity_like)
{% endset %}

with

{{ scope(affected) }},

asked as (
    select distinct
        entity_like,
        selection,
        period
    from {{ ref('int_alert_rules__checked') }}
    where entity_type = 'metric' and selection <> '{}'
),

-- Days and weeks have no fixed length: so many hours after one's start the next has begun.
touched_names as (
    select
        name,
        range_agg(tstzrange(
            starts_at,
            case period
                when 'day' then {{ later('starts_at', "interval '28 hours'") }}
                else {{ later('starts_at', "interval '172 hours'") }}
            end
        )) as spans
    from scope
    group by name
),

-- A narrowed build reads these only, by reached().
touched_spans as (  -- noqa: ST03
    select
        touched.name,
        lower(span) as from_at,
        upper(span) as to_at
    from touched_names as touched
    cross join unnest(touched.spans) as span
),

points as materialized (
    select
        name,
        tags,
        metric_type,
        recorded_at,
        value
    from {{ reached(
        ref('stg_app_metrics__points'), 'name', 'recorded_at', 'touched_spans', each=true
    ) }}
    where
        exists (select 1 from asked)
        and {{ measured('recorded_at', 'value') }}
        and name like any(array(select coalesce(asked.entity_like, '%') from asked))
),

names as (
    select distinct name
    from points
),

selections as (
    select distinct
        n.name,
        a.selection,
        a.period,
        coalesce(a.selection -> 'tags', '{}') as tags,
        a.selection ->> 'metric_type' as metric_type
    from names as n
    inner join asked as a on a.entity_like is null or n.name like a.entity_like
),

selected_points as materialized (
    select
        p.name,
        s.selection,
        of_time.period,
        of_time.starts_at,
        p.value
    from points as p
    inner join selections as s
        on
            p.name = s.name
            and p.tags @> s.tags
            and (s.metric_type is null or p.metric_type = s.metric_type)
    cross join lateral {{ day_and_week_of('p.recorded_at') }} as of_time (period, starts_at)
    where s.period = of_time.period
),

final as (
    select
        name,
        selection,
        period,
        starts_at,
        count(*) as count,
        avg(value order by value) as avg,
        percentile_cont(0.99) within group (order by value) as p99
    from selected_points
    where {{ in_scope('name', 'period', 'starts_at') }}
    group by name, selection, period, starts_at
)

select *
from final
