-- How far a user comes in a funnel, of one instant in whatever order goes deepest.

-- Funnels: how far a user comes ---------------------------------------------------------------

create type ops.funnel_attempt as (entry integer, step_at timestamptz[]);
comment on type ops.funnel_attempt is
'The attempt that counts: the place of its entry event, and when each step that it reached was done.';

create function ops.steps_served(masks bigint[], first_step integer, last_step integer)
returns integer
language plpgsql immutable parallel safe
as $$
declare
    step_of integer[] := array_fill(0, array[cardinality(masks)]);
    asked_by integer[];
    waiting integer[];
    place integer;
    given integer;
    former integer;
begin
    for step in first_step .. last_step loop
        -- Breadth first from the step to an event that is free: events on the way change their step.
        asked_by := array_fill(0, array[cardinality(masks)]);
        waiting := array[step];
        place := 1;
        given := 0;
        while given = 0 and place <= cardinality(waiting) loop
            for e in 1 .. cardinality(masks) loop
                if asked_by[e] = 0 and masks[e] >> (waiting[place] - 1) & 1 = 1 then
                    asked_by[e] := waiting[place];
                    if step_of[e] = 0 then
                        given := e;
                        exit;
                    end if;
                    waiting := waiting || step_of[e];
                end if;
            end loop;
            place := place + 1;
        end loop;
        if given = 0 then
            return step - first_step;
        end if;
        while given <> 0 loop
            former := coalesce(array_position(step_of, asked_by[given]), 0);
            step_of[given] := asked_by[given];
            given := former;
        end loop;
    end loop;
    return greatest(last_step - first_step + 1, 0);
end
$$;
comment on function ops.steps_served(bigint[], integer, integer) is
'How many steps in turn, from first_step on, events of one instant can serve, each event one step.';

create function ops.steps_matched(
    times timestamptz[], masks bigint[], entry integer, until timestamptz, step_count integer
) returns timestamptz[]
language plpgsql immutable parallel safe
as $$
declare
    event_of integer[] := array_fill(0, array[step_count]);
    brought_by integer[];
    waiting integer[];
    place integer;
    taken integer;
    former integer;
    step_at timestamptz[] := '{}';
begin
    for e in entry .. cardinality(times) loop
        exit when times[e] > until or cardinality(step_at) = step_count;
        -- Breadth first from the event to a step that is free: steps on the way change their event.
        brought_by := array_fill(0, array[step_count]);
        waiting := array[e];
        place := 1;
        taken := 0;
        while taken = 0 and place <= cardinality(waiting) loop
            for step in 1 .. step_count loop
                if brought_by[step] = 0 and masks[waiting[place]] >> (step - 1) & 1 = 1 then
                    brought_by[step] := waiting[place];
                    if event_of[step] = 0 then
                        taken := step;
                        exit;
                    end if;
                    waiting := waiting || event_of[step];
                end if;
            end loop;
            place := place + 1;
        end loop;
        if taken <> 0 then
            step_at := step_at || times[e];
        end if;
        while taken <> 0 loop
            former := coalesce(array_position(event_of, brought_by[taken]), 0);
            event_of[taken] := brought_by[taken];
            taken := former;
        end loop;
    end loop;
    return step_at;
end
$$;
comment on function ops.steps_matched(timestamptz[], bigint[], integer, timestamptz, integer) is
'When the events from entry to until did one more different step, each event one step: the most steps '
'that they can do, as early as they can.';

create function ops.instants_tell(times timestamptz[], masks bigint[], overlapping boolean)
returns boolean
language plpgsql immutable parallel safe
as $$
declare
    exclusion constant bigint := 1::bigint << 62;
begin
    for i in 1 .. cardinality(times) loop
        if masks[i] > exclusion then
            return true;
        end if;
        if
            i > 1 and times[i] = times[i - 1]
            and (overlapping or masks[i] >= exclusion or masks[i - 1] >= exclusion)
        then
            return true;
        end if;
    end loop;
    return false;
end
$$;
comment on function ops.instants_tell(timestamptz[], bigint[], boolean) is
'Whether it matters in which order events of one instant are taken, beyond that of their steps.';

create function ops.ordered_attempt(
    step_count integer, step_window interval, times timestamptz[], masks bigint[]
) returns ops.funnel_attempt
language plpgsql immutable parallel safe
as $$
declare
    exclusion constant bigint := 1::bigint << 62;
    size constant integer := cardinality(times);
    nothing constant timestamptz[] := array_fill(null::timestamptz, array[step_count]);
    -- Forward: until when an attempt that has done step k may go on, of the latest entry.
    until timestamptz[] := nothing;
    -- Backward: when steps k to the deepest can be done at the earliest.
    done timestamptz[] := nothing;
    attempt ops.funnel_attempt;
    deepest integer := 0;
    deepest_until timestamptz;
    at timestamptz;
    mask bigint;
    bit bigint;
    step integer;
    last integer;
begin
    for i in 1 .. size loop
        mask := masks[i];
        if mask = 1 then
            until[1] := coalesce(times[i] + step_window, 'infinity');
            if deepest = 0 then
                deepest := 1;
                attempt.entry := i;
                deepest_until := until[1];
                exit when step_count = 1;
            end if;
        elsif mask >= exclusion then
            until := nothing;
        else
            at := times[i];
            -- From the deepest step down: an event serves one step.
            for k in reverse least(deepest + 1, step_count) .. 2 loop
                if mask >> (k - 1) & 1 = 1 and until[k - 1] >= at then
                    until[k] := until[k - 1];
                    if k > deepest then
                        deepest := k;
                        deepest_until := until[k];
                    end if;
                end if;
            end loop;
            if mask & 1 = 1 then
                until[1] := coalesce(at + step_window, 'infinity');
                if deepest = 0 then
                    deepest := 1;
                    attempt.entry := i;
                    deepest_until := until[1];
                end if;
            end if;
            exit when deepest = step_count;
        end if;
    end loop;
    if deepest = 0 then
        return null;
    end if;

    -- No earlier entry can end later than the first one that came so deep. One that comes as deep may
    -- be earlier than it.
    if deepest > 1 then
        last := size;
        if deepest_until < times[size] then
            -- The last event within it.
            last := width_bucket(deepest_until, times);
        end if;
        bit := 1::bigint << (deepest - 1);
        for i in reverse last .. 1 loop
            mask := masks[i];
            if mask >= exclusion then
                done := nothing;
            elsif mask = bit then
                done[deepest] := times[i];
            elsif mask <> 0 then
                if
                    mask & 1 = 1 and done[2] is not null
                    and (step_window is null or done[2] <= times[i] + step_window)
                then
                    attempt.entry := i;
                end if;
                for k in 2 .. deepest loop
                    if mask >> (k - 1) & 1 = 1 then
                        done[k] := case when k = deepest then times[i] else done[k + 1] end;
                    end if;
                end loop;
            end if;
        end loop;
    end if;

    attempt.step_at := array[times[attempt.entry]];
    step := 2;
    for i in attempt.entry + 1 .. size loop
        exit when step > deepest;
        if masks[i] >> (step - 1) & 1 = 1 then
            attempt.step_at := attempt.step_at || times[i];
            step := step + 1;
        end if;
    end loop;
    return attempt;
end
$$;
comment on function ops.ordered_attempt(integer, interval, timestamptz[], bigint[]) is
'An ordered funnel of one user, in two passes over the events, whatever the window. For events of which '
'ops.instants_tell says false.';

create function ops.strict_attempt(
    step_count integer, step_window interval, times timestamptz[], masks bigint[]
) returns ops.funnel_attempt
language plpgsql immutable parallel safe
as $$
declare
    size constant integer := cardinality(times);
    attempt ops.funnel_attempt;
    deepest integer := 0;
    step integer;
begin
    for i in 1 .. size loop
        if masks[i] & 1 = 1 then
            step := 1;
            while
                step < step_count and i + step <= size
                and masks[i + step] >> step & 1 = 1
                and (step_window is null or times[i + step] <= times[i] + step_window)
            loop
                step := step + 1;
            end loop;
            if step > deepest then
                deepest := step;
                attempt.entry := i;
                attempt.step_at := times[i : i + step - 1];
                exit when deepest = step_count;
            end if;
        end if;
    end loop;
    return case when deepest > 0 then attempt end;
end
$$;
comment on function ops.strict_attempt(integer, interval, timestamptz[], bigint[]) is
'A strict funnel of one user whose events, all of them, have an instant each.';

create function ops.unordered_attempt(
    step_count integer, step_window interval, times timestamptz[], masks bigint[]
) returns ops.funnel_attempt
language plpgsql immutable parallel safe
as $$
declare
    exclusion constant bigint := 1::bigint << 62;
    size constant integer := cardinality(times);
    -- How often each step was done in the window that begins at event i.
    counts integer[] := array_fill(0, array[step_count]);
    attempt ops.funnel_attempt;
    deepest integer := 0;
    different integer := 0;
    last integer := 0;
    step integer;
    seen bigint := 0;
begin
    for i in 1 .. size loop
        if masks[i] >= exclusion then
            last := greatest(last, i);
            continue;
        end if;
        while
            last < size and masks[last + 1] < exclusion
            and (step_window is null or times[last + 1] <= times[i] + step_window)
        loop
            last := last + 1;
            step := round(log(masks[last]::double precision) / log(2::double precision))::integer + 1;
            counts[step] := counts[step] + 1;
            if counts[step] = 1 then
                different := different + 1;
            end if;
        end loop;
        if different > deepest then
            deepest := different;
            attempt.entry := i;
            exit when deepest = step_count;
        end if;
        step := round(log(masks[i]::double precision) / log(2::double precision))::integer + 1;
        counts[step] := counts[step] - 1;
        if counts[step] = 0 then
            different := different - 1;
        end if;
    end loop;
    if deepest = 0 then
        return null;
    end if;
    for i in attempt.entry .. size loop
        if seen & masks[i] = 0 then
            attempt.step_at := attempt.step_at || times[i];
            seen := seen | masks[i];
            exit when cardinality(attempt.step_at) = deepest;
        end if;
    end loop;
    return attempt;
end
$$;
comment on function ops.unordered_attempt(integer, interval, timestamptz[], bigint[]) is
'An unordered funnel of one user each of whose events is of one step. For events of which '
'ops.instants_tell says false.';
