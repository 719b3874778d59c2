create or replace function api.funnel_adhoc(
    steps jsonb,
    conversion_window_seconds numeric default null,
    step_order text default 'ordered',
    environment text default 'production',
    breakdown_property text default null,
    exclusions jsonb default '[]'
)
returns table (
    is_total boolean,
    breakdown_value text,
    step_index integer,
    step_name text,
    users bigint,
    conversion_rate numeric,
    drop_off_rate numeric,
    overall_conversion_rate numeric,
    avg_seconds_from_previous numeric,
    median_seconds_from_previous numeric
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
declare
    wanted_steps constant jsonb := ops.adhoc_events(funnel_adhoc.steps, 'steps', 1);
    wanted_exclusions constant jsonb := ops.adhoc_events(funnel_adhoc.exclusions, 'exclusions', 0);
    wanted_order constant text := funnel_adhoc.step_order;
    wanted_environment constant text := funnel_adhoc.environment;
    wanted_window constant numeric := funnel_adhoc.conversion_window_seconds;
    wanted_breakdown constant text := funnel_adhoc.breakdown_property;
    step_total constant integer := jsonb_array_length(wanted_steps);
    overlapping constant boolean := (
        select
            count(distinct s.step ->> 'event_name') < count(*)
            or (bool_or(s.step ->> 'event_name' = '*') and count(*) > 1)
        from jsonb_array_elements(wanted_steps) as s (step)
    );
begin
    if coalesce(wanted_order, '') not in ('ordered', 'strict', 'unordered') then
        raise exception 'step_order "%" is none of ordered, strict, unordered', wanted_order
            using errcode = 'invalid_parameter_value';
    end if;
    if wanted_window < 0 or wanted_window = 'NaN' then
        raise exception 'conversion_window_seconds is negative or no number'
            using errcode = 'invalid_parameter_value';
    end if;
    if wanted_environment is null then
        raise exception 'environment is null: name one, or write * for all'
            using errcode = 'invalid_parameter_value';
    end if;

    perform ops.check_open_filters('steps', wanted_steps);
    perform ops.check_open_filters('exclusions', wanted_exclusions);
    -- The value is that of the entry: an event of the first step, or of any where they have no order.
    perform ops.check_open_property('breakdown_property', wanted_breakdown, array(
        select s.step ->> 'event_name'
        from jsonb_array_elements(wanted_steps) with ordinality as s (step, place)
        where s.place = 1 or wanted_order = 'unordered'
    ));

    -- Before the first build there is no view, and nobody is excluded.
    return query execute format($query$
    with listed as materialized (
        select l.event_name, l.step_mask, l.filtered
        from ops.funnel_events($1, $2, $3 = 'strict') as l
    ),

    -- What int_identities__resolved says, from raw as it is now.
    identities as materialized (
        select
            coalesce(i.distinct_id, e.distinct_id) as distinct_id,
            coalesce(i.user_id, e.user_id) as user_id
        from raw.identities as i
        full join (
            select distinct on (e.distinct_id) e.distinct_id, e.user_id
            from raw.events as e
            where coalesce(e.event_type, 'track') = 'identify' and e.user_id is not null
            order by e.distinct_id, e.event_at desc, e.event_id desc
        ) as e on i.distinct_id = e.distinct_id
    ),

    matching as (
        select
            coalesce(i.user_id, e.distinct_id) as user_id,
            e.event_at,
            e.event_id,
            case
                when $6 is not null then left(e.properties ->> $6, 600)
            end as breakdown,
            case
                when l.filtered is null then l.step_mask
                else l.step_mask | ops.filtered_mask(l.filtered, e.properties)
            end as step_mask
        from %s as e
        left join listed as named on e.event_name = named.event_name and named.event_name <> '*'
        inner join listed as l on l.event_name = coalesce(named.event_name, '*')
        left join identities as i on e.distinct_id = i.distinct_id
        where
            isfinite(e.event_at)
            and $4 in (coalesce(e.environment, 'production'), '*')
    ),

    in_order as (
        select
            m.*,
            case when $3 = 'ordered' and not $8 then m.step_mask else 0 end as rank
        from matching as m
        where m.step_mask <> 0 or $3 = 'strict'
    ),

    sequences as (
        select
            o.user_id,
            array_agg(o.event_at order by o.event_at, o.rank, o.event_id) as times,
            array_agg(o.step_mask order by o.event_at, o.rank, o.event_id) as masks,
            array_agg(o.breakdown order by o.event_at, o.rank, o.event_id) as breakdowns
        from in_order as o
        group by o.user_id
        having not ops.is_excluded_user(o.user_id)
    ),

    attempts as materialized (
        select
            s.breakdowns,
            ops.funnel_attempt(
                $7, $3, $5, $8, s.times, s.masks
            ) as attempt
        from sequences as s
    ),

    done as materialized (
        select
            g.is_total,
            case when not g.is_total then a.breakdowns[(a.attempt).entry] end as breakdown,
            d.step_index::integer as step_index,
            extract(epoch from d.step_at - (a.attempt).step_at[d.step_index - 1]) as seconds
        from attempts as a
        cross join lateral unnest((a.attempt).step_at) with ordinality as d (step_at, step_index)
        cross join (values (true), (false)) as g (is_total)
        where g.is_total or $6 is not null
    ),

    reached as (
        select
            d.is_total, d.breakdown, d.step_index, count(*) as users, sum(d.seconds) as total_seconds,
            array_agg(d.seconds order by d.seconds) as all_seconds
        from done as d
        group by d.is_total, d.breakdown, d.step_index
    ),

    groups as (
        select true as is_total, null::text as breakdown
        union all
        select r.is_total, r.breakdown from reached as r where r.step_index = 1 and not r.is_total
    ),

    counted as (
        select
            g.is_total,
            g.breakdown,
            s.step_index::integer as step_index,
            ops.funnel_step_name($3, s.step ->> 'step_name', s.step_index, $7) as step_name,
            coalesce(r.users, 0) as users,
            lag(coalesce(r.users, 0)) over in_turn as users_before,
            first_value(coalesce(r.users, 0)) over in_turn as users_entered,
            r.total_seconds,
            r.all_seconds
        from groups as g
        cross join lateral jsonb_array_elements($1) with ordinality as s (step, step_index)
        left join reached as r
            on
                g.is_total = r.is_total
                and g.breakdown is not distinct from r.breakdown
                and s.step_index = r.step_index
        window in_turn as (partition by g.is_total, g.breakdown order by s.step_index)
    )

    select
        c.is_total,
        c.breakdown,
        c.step_index,
        c.step_name,
        c.users,
        case when c.step_index = 1 then 1 else c.users::numeric / nullif(c.users_before, 0) end,
        case when c.step_index = 1 then 0 else 1 - c.users::numeric / nullif(c.users_before, 0) end,
        c.users::numeric / nullif(c.users_entered, 0),
        c.total_seconds / nullif(c.users, 0),
        (c.all_seconds[(c.users + 1) / 2] + c.all_seconds[c.users / 2 + 1]) / 2
    from counted as c
    order by c.is_total desc, c.breakdown nulls last, c.step_index
    $query$, coalesce(to_regclass('intermediate.int_events__counted')::text, 'raw.events'))
    using
        wanted_steps, wanted_exclusions, wanted_order, wanted_environment, wanted_window,
        wanted_breakdown, step_total, overlapping;
end
$$;

comment on function api.funnel_adhoc(jsonb, numeric, text, text, text, jsonb) is
'A funnel that nobody has defined, from raw events as they are now, without a build: one row a step, as '
'marts.funnel_steps would have it, all users first (is_total), then by value of the breakdown. steps and exclusions: '
'JSON arrays of {event_name, step_name, filters}, or of event names; conversion_window_seconds: from the entry event, '
'null for none; step_order: ordered, strict or unordered; environment: one, * for all; breakdown_property: an open '
'property of the entry event, null for none. Rates are fractions, times in seconds. docs/funnels.md explains them. '
'Refuses other words, a negative window, a null environment, and filters or properties that are not open.';

grant execute on function api.funnel_adhoc(jsonb, numeric, text, text, text, jsonb) to tidemark_reader;
