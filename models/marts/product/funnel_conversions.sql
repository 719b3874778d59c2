{{
    config(
        unique_key=['funnel_name', 'user_id'],
        meta={'refresh': {
            'kind': 'retain_best',
            'order': ['current_step desc', 'started_at asc'],
            'began': 'started_at', 'best': 'completed',
            'frozen_by': {'sql': true},
        }},
    )
}}

{% set affected %}
    with touched as (
        -- Users of events that a funnel asks for, with their filters. An event changes only
        -- attempts that began within the funnel's reach before it.
        select
            l.funnel_name,
            coalesce(i.user_id, e.distinct_id) as user_id,
            case when e.event_at > '1000-01-01' then e.event_at - l.reach end as reads_from
        from {{ changed(ref('stg_product__events')) }} as e
        left join (select distinct event_name from {{ ref('int_funnel_events__listed') }}) as n
            on e.event_name = n.event_name
        inner join {{ ref('int_funnel_events__listed') }} as l
            on l.event_name = coalesce(n.event_name, '*')
        left join {{ ref('int_identities__resolved') }} as i on e.distinct_id = i.distinct_id
        where
            isfinite(e.event_at)
            and l.environment in (coalesce(e.environment, 'production'), '*')
            and (
                l.step_mask <> 0
                or l.step_order = 'strict'
                or ops.filtered_mask(l.filtered, e.properties) <> 0
            )
        union all
        select
            f.funnel_name,
            moved.user_id,
            null as reads_from
        from {{ changed(ref('int_identities__resolved')) }} as i
        cross join lateral (values (i.user_id), (i.distinct_id)) as moved (user_id)
        cross join {{ ref('int_funnels__defined') }} as f
        union all
        -- Kept results go when their events return, which may be somebody else's by now.
        select
            c.funnel_name,
            c.user_id,
            null as reads_from
        from {{ restored_rows('started_at', ['funnel_name', 'user_id']) }} as c
        union all
        -- An edited funnel: everybody who is there, or was.
        select
            f.funnel_name,
            u.user_id,
            null as reads_from
        from {{ changed(ref('int_funnels__defined')) }} as f
        cross join (
            select s.user_id from {{ ref('int_users__seen') }} as s
            union all
            select c.user_id from {{ changed(ref('int_users__seen')) }} as c
        ) as u
        union all
        select
            f.funnel_name,
            coalesce(i.user_id, e.distinct_id) as user_id,
            null as reads_from
        from {{ changed(ref('int_funnels__defined')) }} as f
        cross join {{ changed(ref('stg_product__events')) }} as e
        left join {{ ref('int_identities__resolved') }} as i on e.distinct_id = i.distinct_id
        -- Asked first, so that new events are not read for it.
        where (select count(d.*) from {{ changed(ref('int_funnels__defined')) }} as d) > 0
    )

    select
        funnel_name,
        user_id,
        min(coalesce(reads_from, '-infinity')) as reads_from
    from touched
    group by funnel_name, user_id
{% endset %}

with

{{ scope(affected) }},

funnels as (
    select *
    from {{ ref('int_funnels__defined') }}
    where {{ in_scope('funnel_name') }}
),

-- What funnels ask for by name, and whether one asks for any event (*).
listed as (
    select
        array_agg(distinct event_name) as event_names,
        coalesce(bool_or(event_name = '*'), false) as any_event
    from {{ ref('int_funnel_events__listed') }}
    where {{ in_scope('funnel_name') }}
),

users as (
    select
        user_id,
        min(reads_from) as reads_from
    from scope
    group by user_id
),

-- What a narrowed build reads, by reached(). An id that is somebody else's is not the user's own.
spans_of_ids as (  -- noqa: ST03
    select
        u.user_id as distinct_id,
        u.reads_from as from_at,
        'infinity'::timestamptz as to_at
    from users as u
    left join {{ ref('int_identities__resolved') }} as i on u.user_id = i.distinct_id
    where i.distinct_id is null
    union all
    select
        i.distinct_id,
        u.reads_from as from_at,
        'infinity'::timestamptz as to_at
    from users as u
    inner join {{ ref('int_identities__resolved') }} as i on u.user_id = i.user_id
),

events as (
    select
        *,
        case
            when event_name = any((select l.event_names from listed as l)::text[]) then event_name
            else '*'
        end as listed_name
    from {{ reached(
        ref('int_events__attributed'), 'distinct_id', 'event_at', 'spans_of_ids', each=true
    ) }}
    where
        not {{ in_sealed_time('event_at') }}
        and (
            event_name = any((select l.event_names from listed as l)::text[])
            or (select l.any_event from listed as l)
        )
),

events_of_funnels as (
    select
        l.funnel_name,
        e.user_id,
        e.event_at,
        e.event_id,
        e.session_id,
        left(e.properties ->> l.breakdown_property, 600) as breakdown_value,
        l.step_order,
        l.is_overlapping,
        case
            when l.filtered is null then l.step_mask
            else l.step_mask | ops.filtered_mask(l.filtered, e.properties)
        end as step_mask
    from events as e
    inner join {{ ref('int_funnel_events__listed') }} as l
        on
            e.listed_name = l.event_name
            and l.environment in (e.environment, '*')
    where {{ in_scope('l.funnel_name', 'e.user_id') }}
),

-- Within one instant by step, so that an ordered funnel can be read from left to right.
events_in_order as (
    select
        *,
        case when step_order = 'ordered' and not is_overlapping then step_mask else 0 end as rank
    from events_of_funnels
    where step_mask <> 0 or step_order = 'strict'
),

sequences as (
    select
        funnel_name,
        user_id,
        array_agg(event_at order by event_at, rank, event_id) as times,
        array_agg(step_mask order by event_at, rank, event_id) as step_masks,
        array_agg(session_id order by event_at, rank, event_id) as session_ids,
        array_agg(breakdown_value order by event_at, rank, event_id) as breakdown_values
    from events_in_order
    group by user_id, funnel_name
    having bool_or(step_order = 'unordered' or step_mask & 1 = 1)
),

attempts as materialized (
    select
        s.funnel_name,
        s.user_id,
        f.last_step,
        s.session_ids,
        s.breakdown_values,
        ops.funnel_attempt(
            f.last_step, f.step_order, f.window_seconds, f.is_overlapping, s.times, s.step_masks
        ) as attempt
    from sequences as s
    inner join funnels as f on s.funnel_name = f.funnel_name
),

attempts_from_raw as (
    select
        funnel_name,
        user_id,
        breakdown_values[(attempt).entry] as breakdown_value,
        session_ids[(attempt).entry] as session_id,
        (attempt).step_at[1] as started_at,
        (attempt).step_at[last_step] as completed_at,
        cardinality((attempt).step_at) as current_step,
        cardinality((attempt).step_at) = last_step as completed,
        (
            select
                jsonb_agg({{ iso_time('s.step_at', zone_mark='+00:00') }} order by s.step_index)
            from unnest((attempt).step_at) with ordinality as s (step_at, step_index)
        ) as step_timestamps
    from attempts
    where (attempt).entry is not null
),

all_attempts as (
    select * from attempts_from_raw
    union all
    -- Results whose entry event has been archived, as they stood then.
    select
        k.funnel_name,
        coalesce(i.user_id, k.user_id) as user_id,
        k.breakdown_value,
        k.session_id,
        k.started_at,
        k.completed_at,
        k.current_step,
        k.completed,
        k.step_timestamps
    from {{ ref('stg_product__kept_attempts') }} as k
    inner join funnels as f
        on k.funnel_name = f.funnel_name and k.definition = f.definition
    left join {{ ref('int_identities__resolved') }} as i on k.user_id = i.distinct_id
    where {{ in_scope('k.funnel_name', 'coalesce(i.user_id, k.user_id) as user_id') }}
),

final as (
    select distinct on (funnel_name, user_id) *
    from all_attempts
    order by funnel_name asc, user_id asc, current_step desc, started_at asc
)

select *
from final
