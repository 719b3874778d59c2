create or replace function ops.steps_served(masks bigint[], first_step integer, last_step integer)
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
