create or replace function ops.funnel_attempt(
    step_count integer, step_order text, window_seconds numeric, overlapping boolean,
    times timestamptz[], masks bigint[]
) returns ops.funnel_attempt
language plpgsql immutable parallel safe
as $$
declare
    exclusion constant bigint := 1::bigint << 62;
    -- Longer than 300 years is no window.
    step_window constant interval := case
        when window_seconds < 1e10 then make_interval(secs => window_seconds::double precision)
    end;
    excludes constant boolean := exclusion <= any(masks);
begin
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
    if step_order = 'unordered' then
        return ops.unordered_attempt_of_any(step_count, step_window, times, masks);
    end if;
    return ops.attempt_in_turn_of_any(step_count, step_order = 'strict', step_window, times, masks);
end
$$;

comment on function ops.funnel_attempt(integer, text, numeric, boolean, timestamptz[], bigint[]) is
'The attempt of one user that counts: the deepest, of these the earliest, its steps as early as they can '
'be. times and masks (ops.funnel_events) are of the user''s events by time; those of one instant in an '
'ordered funnel that is not overlapping by their steps, else in any fixed order: the first in it is the '
'earlier entry. A strict funnel gets every event of the user, the others those with a mask. overlapping: '
'an event may be of two steps.';
