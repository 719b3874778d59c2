create or replace function ops.strict_attempt(
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
                and (step_window is null or times[i + step] <= ops.later(times[i], step_window))
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
