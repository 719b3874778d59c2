{{ config(unique_key=['environment'], meta={'refresh': {'lookback_days': 2}}) }}

with

-- One look-up in an index for each environment, however many visits there are.
environments as (
    with recursive found as (
        select min(v.environment) as environment
        from {{ ref('int_visits__attributed') }} as v
        union all
        select (
            select min(v.environment)
            from {{ ref('int_visits__attributed') }} as v
            where v.environment > f.environment
        )
        from found as f
        where f.environment is not null
    )

    select environment
    from found
    where environment is not null
),

latest_visits as (
    select
        e.environment,
        latest.ended_at
    from environments as e
    cross join
        lateral (  -- noqa: ST05
            select v.ended_at
            from {{ ref('int_visits__attributed') }} as v
            where v.environment = e.environment and v.ended_at <= {{ as_of() }}
            order by v.ended_at desc
            limit 1
        ) as latest
),

-- A visit lies within one date: none that is under way ends later than the date does.
visits_under_way as (
    select
        v.environment,
        v.distinct_id,
        v.started_at
    from environments as e
    inner join {{ ref('int_visits__attributed') }} as v on e.environment = v.environment
    where
        v.ended_at > {{ as_of() }}
        and v.ended_at < {{ as_of() }} + interval '28 hours'
        and v.started_at <= {{ as_of() }}
),

latest_events_under_way as (
    select
        v.environment,
        max(greatest(v.started_at, e.event_at)) as event_at
    from visits_under_way as v
    left join {{ ref('int_events__counted') }} as e
        on
            v.distinct_id = e.distinct_id
            and v.environment = e.environment
            and v.started_at <= e.event_at
            and e.event_at <= {{ as_of() }}
    group by v.environment
),

final as (
    select
        coalesce(v.environment, e.environment) as environment,
        greatest(v.ended_at, e.event_at) as latest_event_at
    from latest_visits as v
    full outer join latest_events_under_way as e on v.environment = e.environment
)

select *
from final
