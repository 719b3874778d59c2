-- The same where one event may serve several steps: a search, for those users whose events need it.

create function ops.attempt_in_turn(
    step_count integer, strict boolean, step_window interval,
    times timestamptz[], masks bigint[], entry integer, best integer
) returns timestamptz[]
language plpgsql immutable parallel safe
as $$
declare
    exclusion constant bigint := 1::bigint << 62;
    until constant timestamptz := coalesce(times[entry] + step_window, 'infinity');
    -- Of each instant from the entry's on: the first of its events, and after how many steps an attempt
    -- may come to it (bit k: after k steps).
    first_of integer[] := '{}';
    alive bigint[] := '{}';
    reaching bigint[];
    own bigint[];
    now_alive bigint := 1::bigint << 1;
    next_alive bigint;
    deepest integer := 1;
    served integer;
    first integer := entry;
    last integer;
    done integer;
    step_at timestamptz[];
begin
    while first > 1 and times[first - 1] = times[entry] loop
        first := first - 1;
    end loop;
    -- Forward: after how many steps an attempt may leave each instant.
    while first <= cardinality(times) and times[first] <= until and now_alive <> 0 loop
        last := first;
        while last < cardinality(times) and times[last + 1] = times[first] loop
            last := last + 1;
        end loop;
        first_of := first_of || first;
        alive := alive || now_alive;
        own := masks[first:last];
        if cardinality(first_of) = 1 then
            own := own[: entry - first] || own[entry - first + 2 :];
        end if;
        next_alive := 0;
        for k in 1 .. step_count loop
            if now_alive >> k & 1 = 1 then
                served := ops.steps_served(own, k + 1, step_count);
                deepest := greatest(deepest, k + served);
                for r in 0 .. served loop
                    if
                        cardinality(first_of) = 1
                        or (strict and r = cardinality(own))
                        or (not strict and (r > 0 or exclusion > all(own)))
                    then
                        next_alive := next_alive | (1::bigint << (k + r));
                    end if;
                end loop;
            end if;
        end loop;
        now_alive := next_alive;
        first := last + 1;
    end loop;
    if best is null then
        return array_fill(times[entry], array[deepest]);
    end if;

    -- Backward: after how many steps one may come to an instant and still do the best.
    reaching := array_fill(0::bigint, array[cardinality(first_of) + 1]);
    for g in reverse cardinality(first_of) .. 1 loop
        own := masks[first_of[g] : coalesce(first_of[g + 1], last + 1) - 1];
        if g = 1 then
            own := own[: entry - first_of[1]] || own[entry - first_of[1] + 2 :];
        end if;
        for k in 1 .. best loop
            if alive[g] >> k & 1 = 1 then
                served := ops.steps_served(own, k + 1, best);
                for r in 0 .. served loop
                    if
                        k + r = best
                        or (
                            reaching[g + 1] >> (k + r) & 1 = 1
                            and (
                                g = 1
                                or (strict and r = cardinality(own))
                                or (not strict and (r > 0 or exclusion > all(own)))
                            )
                        )
                    then
                        reaching[g] := reaching[g] | (1::bigint << k);
                    end if;
                end loop;
            end if;
        end loop;
    end loop;

    -- Forward once more: each step as early as the best allows.
    step_at := array[times[entry]];
    for g in 1 .. cardinality(first_of) loop
        done := cardinality(step_at);
        exit when done = best;
        own := masks[first_of[g] : coalesce(first_of[g + 1], last + 1) - 1];
        if g = 1 then
            own := own[: entry - first_of[1]] || own[entry - first_of[1] + 2 :];
        end if;
        for r in reverse ops.steps_served(own, done + 1, best) .. 0 loop
            if
                done + r = best
                or (
                    reaching[g + 1] >> (done + r) & 1 = 1
                    and (
                        g = 1
                        or (strict and r = cardinality(own))
                        or (not strict and (r > 0 or exclusion > all(own)))
                    )
                )
            then
                step_at := step_at || array_fill(times[first_of[g]], array[r]);
                exit;
            end if;
        end loop;
    end loop;
    return step_at;
end
$$;
comment on function ops.attempt_in_turn(integer, boolean, interval, timestamptz[], bigint[], integer, integer) is
'The attempt that begins at an entry, ordered or strict, whatever happens in one instant: with best null '
'as many times as it reaches steps; else when each of the best steps was done.';

create function ops.attempt_in_any_order(
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

create function ops.funnel_attempt(
    step_count integer, step_order text, window_seconds numeric, overlapping boolean,
    times timestamptz[], masks bigint[]
) returns ops.funnel_attempt
language plpgsql immutable parallel safe
as $$
declare
    exclusion constant bigint := 1::bigint << 62;
    steps constant bigint := (1::bigint << step_count) - 1;
    -- Longer than 300 years is no window.
    step_window constant interval := case
        when window_seconds < 1e10 then make_interval(secs => window_seconds::double precision)
    end;
    excludes constant boolean := exclusion <= any(masks);
    attempt ops.funnel_attempt;
    found timestamptz[];
begin
    if step_order = 'unordered' and overlapping and not excludes then
        for i in 1 .. cardinality(times) loop
            continue when masks[i] = 0;
            found := ops.steps_matched(
                times, masks, i, coalesce(times[i] + step_window, 'infinity'), step_count
            );
            if attempt.entry is null or cardinality(found) > cardinality(attempt.step_at) then
                attempt.entry := i;
                attempt.step_at := found;
            end if;
            exit when cardinality(found) = step_count;
        end loop;
        return attempt;
    end if;

    if
        not (step_order = 'unordered' and overlapping)
        and not (
            (overlapping or excludes or step_order = 'strict')
            and ops.instants_tell(times, masks, overlapping or step_order = 'strict')
        )
    then
        return case step_order
            when 'ordered' then ops.ordered_attempt(step_count, step_window, times, masks)
            when 'strict' then ops.strict_attempt(step_count, step_window, times, masks)
            else ops.unordered_attempt(step_count, step_window, times, masks)
        end;
    end if;

    for i in 1 .. cardinality(times) loop
        continue when masks[i] & case step_order when 'unordered' then steps else 1 end = 0;
        if step_order = 'unordered' then
            found := ops.attempt_in_any_order(step_count, step_window, times, masks, i);
        else
            found := ops.attempt_in_turn(
                step_count, step_order = 'strict', step_window, times, masks, i, null
            );
        end if;
        if attempt.entry is null or cardinality(found) > cardinality(attempt.step_at) then
            attempt.entry := i;
            attempt.step_at := found;
        end if;
        exit when cardinality(found) = step_count;
    end loop;
    if attempt.entry is not null and step_order <> 'unordered' then
        attempt.step_at := ops.attempt_in_turn(
            step_count, step_order = 'strict', step_window, times, masks,
            attempt.entry, cardinality(attempt.step_at)
        );
    end if;
    return attempt;
end
$$;
comment on function ops.funnel_attempt(integer, text, numeric, boolean, timestamptz[], bigint[]) is
'The attempt of one user that counts: the deepest, of these the earliest, its steps as early as they can '
'be. times and masks (ops.funnel_events) are of the user''s events by time; those of one instant in an '
'ordered funnel that is not overlapping by their steps, else in any fixed order: the first in it is the '
'earlier entry. A strict funnel gets every event of the user, the others those with a mask. overlapping: '
'an event may be of two steps.';
