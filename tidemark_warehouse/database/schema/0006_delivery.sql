-- Delivery: indexes by feature on the record of changes and the comments, and three pieces of
-- arithmetic that plain SQL says badly.

create index feature_request_changes_feature
on raw.feature_request_changes (feature_request_id, field, changed_at);
create index feature_comments_feature on raw.feature_comments (feature_request_id);

create schema snapshots;
comment on schema snapshots is
'The history of rows that have no record of changes. Employees are among them: granted to nobody';

create function ops.readable_time(written text) returns timestamptz
language plpgsql stable parallel safe set search_path = pg_catalog, pg_temp
set timezone = 'UTC' set datestyle = 'ISO, YMD'
as $$
declare
    read timestamptz;
begin
    -- Words such as 'now' and 'today' are times too, but of another clock.
    if written is null or written !~ '^\s*\d' then
        return null;
    end if;
    read := written::timestamptz;
    return case when isfinite(read) then read end;
exception
    when data_exception then
        return null;
end
$$;
comment on function ops.readable_time(text) is
'A time as the record of changes has it, in text; null where it cannot be read. Without a zone it is UTC.';

create function ops.chain(old_values text[], new_values text[], start_value text) returns integer[]
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    with recursive edge as (
        select place, old_values[place] as old_value, new_values[place] as new_value
        from generate_subscripts(old_values, 1) as place
    ),

    -- Of equal changes the first is tried only: in another order they would say the same.
    walk as (
        select start_value as reached, '{}'::integer[] as places
        union all
        select e.new_value, w.places || e.place
        from walk as w
        inner join edge as e on w.reached = e.old_value and e.place <> all(w.places)
        where not exists (
            select from edge as twin
            where
                twin.old_value = e.old_value
                and twin.new_value = e.new_value
                and twin.place < e.place
                and twin.place <> all(w.places)
        )
    )

    select places from walk
    where cardinality(places) = cardinality(old_values)
    order by places
    limit 1
$$;
comment on function ops.chain(text[], text[], text) is
'The places of changes in an order in which each begins where the one before it ended, the first at '
'start_value; the smallest such order, null where there is none.';

create function ops.chain_order(
    instants timestamptz[], old_values text[], new_values text[], present text
) returns integer[]
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
    total integer := cardinality(instants);
    ordered integer[] := '{}';
    reached text;
    place integer := 1;
    past integer;
    olds text[];
    news text[];
    starts text[];
    found integer[];
    candidate text;
begin
    while place <= total loop
        past := place + 1;
        while past <= total and instants[past] = instants[place] loop
            past := past + 1;
        end loop;
        olds := old_values[place:past - 1];
        news := new_values[place:past - 1];
        found := case when cardinality(olds) = 1 then '{1}'::integer[] end;

        -- Where the chain may begin: at the value so far; at a value that is left more often than it
        -- is entered; for a circle with nothing before it, at what comes after; at any.
        if found is null and cardinality(olds) <= 12 then
            select array_agg(o.old_value order by o.surplus desc, o.is_next desc, o.first_place)
            into starts
            from (
                select
                    u.old_value,
                    count(*) - (select count(*) from unnest(news) as n (v) where n.v = u.old_value) as surplus,
                    u.old_value = coalesce(old_values[past], present) as is_next,
                    min(u.ordinality) as first_place
                from unnest(olds) with ordinality as u (old_value, ordinality)
                group by u.old_value
            ) as o;
            foreach candidate in array array_prepend(reached, starts) loop
                found := ops.chain(olds, news, candidate);
                exit when found is not null;
            end loop;
        end if;

        -- No order makes a chain of all: follow it as far as it goes, again and again.
        if found is null then
            found := '{}';
            while cardinality(found) < cardinality(olds) loop
                select i into strict past
                from generate_subscripts(olds, 1) as i
                where i <> all(found)
                order by olds[i] is not distinct from reached desc, i
                limit 1;
                found := found || past;
                reached := news[past];
            end loop;
        end if;

        ordered := ordered || (select array_agg(f + place - 1 order by o) from unnest(found) with ordinality as u (f, o));
        reached := new_values[ordered[cardinality(ordered)]];
        place := cardinality(ordered) + 1;
    end loop;
    return ordered;
end
$$;
comment on function ops.chain_order(timestamptz[], text[], text[], text) is
'The order of one feature''s changes of one field, as places in the arrays. The arrays are in order of '
'time and id; only changes of one instant change places, so that each begins where the one before it '
'ended. present: the field''s value now, which decides where a first circle begins.';

create function ops.weeks_until_done(
    seed text, remaining bigint, throughput bigint[], trials integer, fractions double precision[]
) returns integer[]
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
    most constant integer := 1040;
    busy bigint[] := array(select t from unnest(throughput) with ordinality as u (t, o) where t > 0 order by o);
    busy_count integer := cardinality(busy);
    -- Idle weeks are drawn in one step, as many as lie before the next busy one: drawing week by week
    -- took ten times as long where one week in ten is busy, and is the same by the laws of chance.
    idle double precision := ln(nullif(1 - busy_count::float8 / nullif(cardinality(throughput), 0), 0));
    series bigint := hashtextextended(seed, 0);
    needed integer[] := '{}';
    left_over bigint;
    weeks double precision;
    draw bigint;
    step integer;
begin
    if remaining <= 0 then
        return array_fill(0, array[cardinality(fractions)]);
    end if;
    if busy_count = 0 then
        return array_fill(null::integer, array[cardinality(fractions)]);
    end if;
    for trial in 1..trials loop
        left_over := remaining;
        weeks := 0;
        step := 0;
        while left_over > 0 and weeks <= most loop
            step := step + 1;
            draw := hashint8extended(trial * 10000 + step, series);
            weeks := weeks + 1
                + coalesce(floor(ln(((draw & 1048575) + 1) / 1048576.0::float8) / idle), 0);
            left_over := left_over - busy[1 + ((draw >> 24) & 1048575) % busy_count];
        end loop;
        needed := needed || case when weeks <= most then weeks::integer end;
    end loop;
    return (
        select array_agg(
            (select n from unnest(needed) as n order by n nulls last limit 1 offset ceil(f.fraction * trials)::integer - 1)
            order by f.place
        )
        from unnest(fractions) with ordinality as f (fraction, place)
    );
end
$$;
comment on function ops.weeks_until_done(text, bigint, bigint[], integer, double precision[]) is
'In how many weeks so many features are done, for each fraction of the trials: each trial draws past '
'weeks at random, with a series that only the seed decides. Null: not within 20 years, or nothing was '
'ever done.';

revoke execute on function
ops.readable_time(text),
ops.chain(text[], text[], text),
ops.chain_order(timestamptz[], text[], text[], text),
ops.weeks_until_done(text, bigint, bigint[], integer, double precision[])
from public;
