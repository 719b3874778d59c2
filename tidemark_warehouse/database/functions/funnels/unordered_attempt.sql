create or replace function ops.unordered_attempt(
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
            and (step_window is null or times[last + 1] <= ops.later(times[i], step_window))
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
