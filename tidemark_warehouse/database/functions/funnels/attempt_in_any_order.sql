create or replace function ops.attempt_in_any_order(
    step_count integer, step_window interval, times timestamptz[], masks bigint[], entry integer
) returns timestamptz[]
language plpgsql immutable parallel safe
as $$
declare
    exclusion constant bigint := 1::bigint << 62;
    until constant timestamptz := coalesce(times[entry] + step_window, 'infinity');
    -- What attempts have done so far: a set of steps and when, as early as they could, as
    -- {"done": bits, "at": [places]}.
    attempts jsonb[];
    best jsonb;
    first integer := entry;
    last integer;
begin
    attempts := array(
        select jsonb_build_object('done', 1::bigint << b, 'at', jsonb_build_array(entry))
        from generate_series(0, step_count - 1) as b
        where masks[entry] >> b & 1 = 1
    );
    while first > 1 and times[first - 1] = times[entry] loop
        first := first - 1;
    end loop;
    while first <= cardinality(times) and times[first] <= until and attempts <> '{}' loop
        last := first;
        while last < cardinality(times) and times[last + 1] = times[first] loop
            last := last + 1;
        end loop;
        for e in first .. last loop
            continue when e = entry;
            -- Of those that have done the same the earliest is enough, apart from whether they did a
            -- step in this instant: only such ones pass an exclusion.
            attempts := array(
                select distinct on (x.attempt ->> 'done', times[(x.attempt #>> '{at,-1}')::integer] = times[e])
                    x.attempt
                from (
                    select a.attempt
                    from unnest(attempts) as a (attempt)
                    union all
                    select jsonb_build_object(
                        'done', (a.attempt ->> 'done')::bigint | (1::bigint << b),
                        'at', a.attempt -> 'at' || to_jsonb(e)
                    )
                    from unnest(attempts) as a (attempt)
                    cross join generate_series(0, step_count - 1) as b
                    where masks[e] >> b & 1 = 1 and (a.attempt ->> 'done')::bigint >> b & 1 = 0
                ) as x
                order by
                    x.attempt ->> 'done',
                    times[(x.attempt #>> '{at,-1}')::integer] = times[e],
                    array(
                        select times[p.place::integer]
                        from jsonb_array_elements_text(x.attempt -> 'at') with ordinality as p (place, n)
                        order by p.n
                    )
            );
        end loop;
        best := (
            select a.attempt
            from unnest(attempts || best) as a (attempt)
            where a.attempt is not null
            order by jsonb_array_length(a.attempt -> 'at') desc, array(
                select times[p.place::integer]
                from jsonb_array_elements_text(a.attempt -> 'at') with ordinality as p (place, n)
                order by p.n
            )
            limit 1
        );
        if first > entry and exclusion <= any(masks[first:last]) then
            attempts := array(
                select a.attempt
                from unnest(attempts) as a (attempt)
                where times[(a.attempt #>> '{at,-1}')::integer] = times[first]
            );
        end if;
        first := last + 1;
    end loop;
    return array(
        select times[p.place::integer]
        from jsonb_array_elements_text(best -> 'at') with ordinality as p (place, n)
        order by p.n
    );
end
$$;

comment on function ops.attempt_in_any_order(integer, interval, timestamptz[], bigint[], integer) is
'The attempt that begins at an entry of an unordered funnel with exclusions, whatever happens in one '
'instant: when each of the most steps that it can do was done.';
