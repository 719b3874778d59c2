create or replace function ops.ordered_attempt(
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
            until[1] := coalesce(ops.later(times[i], step_window), 'infinity');
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
                until[1] := coalesce(ops.later(at, step_window), 'infinity');
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
                    and (step_window is null or done[2] <= ops.later(times[i], step_window))
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
