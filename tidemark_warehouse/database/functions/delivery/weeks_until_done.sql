create or replace function ops.weeks_until_done(
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
