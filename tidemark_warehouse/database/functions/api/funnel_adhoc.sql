create or replace function api.funnel_adhoc(
    steps jsonb,
    conversion_window_seconds numeric default null,
    step_order text default 'ordered',
    environment text default 'production',
    breakdown_property text default null,
    exclusions jsonb default '[]',
    start_at timestamptz default null,
    end_at timestamptz default null
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
    wanted_entries constant tstzrange := ops.entries_between(funnel_adhoc.start_at, funnel_adhoc.end_at);
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

    matching as materialized (
        select
            e.distinct_id,
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
        where
            isfinite(e.event_at)
            and $4 in (coalesce(e.environment, 'production'), '*')
    ),

    identities as materialized (
        select i.distinct_id, i.user_id
        from ops.identities_of(array(
            select distinct m.distinct_id from matching as m where m.step_mask <> 0 or $3 = 'strict'
        )) as i
    ),

    in_order as (
        select
            coalesce(i.user_id, m.distinct_id) as user_id,
            m.event_at,
            m.event_id,
            m.breakdown,
            m.step_mask,
            case when $3 = 'ordered' and not $8 then m.step_mask else 0 end as rank
        from matching as m
        left join identities as i on m.distinct_id = i.distinct_id
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

    entered as (
        select
            array_agg(a.attempt) as attempts,
            array_agg(a.breakdowns[(a.attempt).entry]) as breakdowns
        from attempts as a
        where $9 @> (a.attempt).step_at[1]
    ),

    named as (
        select
            array_agg(
                ops.funnel_step_name($3, s.step ->> 'step_name', s.step_index, $7) order by s.step_index
            ) as step_names
        from jsonb_array_elements($1) with ordinality as s (step, step_index)
    )

    select f.*
    from named as n
    cross join entered as e
    cross join lateral ops.funnel_figures(
        n.step_names, e.attempts, case when $6 is not null then e.breakdowns end
    ) as f
    $query$, coalesce(to_regclass('intermediate.int_events__counted')::text, 'raw.events'))
    using
        wanted_steps, wanted_exclusions, wanted_order, wanted_environment, wanted_window,
        wanted_breakdown, step_total, overlapping, wanted_entries;
end
$$;

comment on function api.funnel_adhoc(jsonb, numeric, text, text, text, jsonb, timestamptz, timestamptz) is
'A funnel that nobody has defined, from raw events as they are now, without a build: one row a step, as '
'marts.funnel_steps would have it, all users first (is_total), then by value of the breakdown. steps and exclusions: '
'JSON arrays of {event_name, step_name, filters}, or of event names; conversion_window_seconds: from the entry event, '
'null for none; step_order: ordered, strict or unordered; environment: one, * for all; breakdown_property: an open '
'property of the entry event, null for none; start_at (included), end_at (not): only users whose attempt began then, null '
'is no bound. Rates are fractions, times in seconds. docs/funnels.md explains them. Refuses other words, a negative '
'window, a null environment, absurd times, a range without an instant, and filters or properties that are not open.';

grant execute on function api.funnel_adhoc(jsonb, numeric, text, text, text, jsonb, timestamptz, timestamptz) to tidemark_reader;
