create or replace function ops.attempt_in_turn(
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
