create or replace function ops.attempt_in_turn_of_any(
    step_count integer, strict boolean, step_window interval, times timestamptz[], masks bigint[]
) returns ops.funnel_attempt
language plpgsql immutable parallel safe
as $$
declare
    exclusion constant bigint := 1::bigint << 62;
    size constant integer := cardinality(times);
    no_time constant timestamptz[] := array_fill(null::timestamptz, array[step_count]);
    attempt ops.funnel_attempt;
    -- Of each instant its first event, and after how many steps of it an attempt may go on: any from fewest to most.
    first_of integer[] := '{}';
    fewest integer[] := '{}';
    most integer[] := '{}';
    -- Of each instant and step (step_count to an instant) how many steps in turn it can do.
    served integer[] := array_fill(0, array[size * step_count]);
    -- Forward: until when an attempt that has done so many steps may go on, of the latest entry.
    until timestamptz[] := no_time;
    grown timestamptz[];
    deepest integer := 0;
    deepest_until timestamptz;
    -- Backward, after each instant: when an attempt that has done so many steps can be at the deepest.
    done timestamptz[];
    instant integer := 0;
    entry_instant integer;
    entry_until timestamptz;
    own bigint[];
    own_served integer[];
    reached integer;
    at timestamptz;
    first integer := 1;
    last integer;
begin
    while first <= size loop
        at := times[first];
        last := first;
        while last < size and times[last + 1] = at loop
            last := last + 1;
        end loop;
        instant := instant + 1;
        own := masks[first:last];
        own_served := ops.steps_served(own, step_count);
        first_of := first_of || first;
        fewest := fewest || case
            when strict then cardinality(own)
            when exclusion <= any(own) then 1
            else 0
        end;
        most := most || case when strict then cardinality(own) else step_count end;
        for k in 1 .. step_count loop
            if own_served[k] > 0 then
                served[(instant - 1) * step_count + k] := own_served[k];
            end if;
        end loop;

        grown := no_time;
        for k in 1 .. step_count loop
            if until[k] >= at then
                reached := k + coalesce(own_served[k + 1], 0);
                if reached > deepest then
                    deepest := reached;
                    deepest_until := until[k];
                end if;
                for r in fewest[instant] .. least(most[instant], reached - k) loop
                    grown[k + r] := greatest(grown[k + r], until[k]);
                end loop;
            end if;
        end loop;
        if own_served[1] > 0 then
            entry_until := coalesce(ops.later(at, step_window), 'infinity');
            if own_served[1] > deepest then
                deepest := own_served[1];
                deepest_until := entry_until;
            end if;
            for r in 1 .. own_served[1] loop
                grown[r] := greatest(grown[r], entry_until);
            end loop;
        end if;
        until := grown;
        exit when deepest = step_count and deepest_until <= at;
        first := last + 1;
    end loop;
    if deepest = 0 then
        return null;
    end if;

    -- No earlier entry can end later than the first one that came so deep. One that comes as deep may be earlier.
    while instant > 1 and times[first_of[instant]] > deepest_until loop
        instant := instant - 1;
    end loop;
    done := array_fill(null::timestamptz, array[instant * step_count]);
    for g in reverse instant .. 1 loop
        at := times[first_of[g]];
        for r in 1 .. least(served[(g - 1) * step_count + 1], deepest) loop
            if
                r = deepest
                or done[(g - 1) * step_count + r] <= coalesce(ops.later(at, step_window), 'infinity')
            then
                entry_instant := g;
                exit;
            end if;
        end loop;
        exit when g = 1;
        for k in 1 .. deepest - 1 loop
            for r in 0 .. least(served[(g - 1) * step_count + k + 1], deepest - k) loop
                if k + r = deepest then
                    done[(g - 2) * step_count + k] := at;
                elsif r between fewest[g] and most[g] then
                    done[(g - 2) * step_count + k]
                        := least(done[(g - 2) * step_count + k], done[(g - 1) * step_count + k + r]);
                end if;
            end loop;
        end loop;
    end loop;

    -- The first event there that may be the entry, and from it on each step as early as the deepest allows.
    first := first_of[entry_instant];
    entry_until := coalesce(ops.later(times[first], step_window), 'infinity');
    last := coalesce(first_of[entry_instant + 1] - 1, last);
    for e in first .. last loop
        continue when masks[e] & 1 = 0;
        own_served := case
            when first = last then array_fill(0, array[step_count])
            else ops.steps_served(masks[first : e - 1] || masks[e + 1 : last], step_count)
        end;
        reached := 0;
        for r in reverse coalesce(own_served[2], 0) .. 0 loop
            if r + 1 >= deepest or done[(entry_instant - 1) * step_count + r + 1] <= entry_until then
                reached := least(r + 1, deepest);
                exit;
            end if;
        end loop;
        if reached > 0 then
            attempt.entry := e;
            exit;
        end if;
    end loop;
    attempt.step_at := array_fill(times[first], array[reached]);
    for g in entry_instant + 1 .. instant loop
        exit when reached = deepest;
        at := times[first_of[g]];
        for r in reverse least(served[(g - 1) * step_count + reached + 1], deepest - reached) .. 0 loop
            if
                reached + r = deepest
                or (
                    r between fewest[g] and most[g]
                    and done[(g - 1) * step_count + reached + r] <= entry_until
                )
            then
                attempt.step_at := attempt.step_at || array_fill(at, array[r]);
                reached := reached + r;
                exit;
            end if;
        end loop;
    end loop;
    return attempt;
end
$$;

comment on function ops.attempt_in_turn_of_any(integer, boolean, interval, timestamptz[], bigint[]) is
'An ordered or strict funnel of one user, whatever steps an event can do and whatever happens in one instant; in time that '
'grows with instants times steps, and with the events of each instant.';
