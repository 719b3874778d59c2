create or replace function ops.steps_matched(
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
