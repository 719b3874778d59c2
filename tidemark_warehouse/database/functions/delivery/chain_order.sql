create or replace function ops.chain_order(
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

        -- No order makes a chain of all: follow it as far as it goes, again and again. A move that is told
        -- twice follows itself.
        if found is null then
            found := '{}';
            while cardinality(found) < cardinality(olds) loop
                select i into strict past
                from generate_subscripts(olds, 1) as i
                where i <> all(found)
                order by
                    cardinality(found) > 0
                    and olds[i] = olds[found[cardinality(found)]]
                    and news[i] = news[found[cardinality(found)]] desc,
                    olds[i] is not distinct from reached desc,
                    i
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
