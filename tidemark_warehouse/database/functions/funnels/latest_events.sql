create or replace function ops.latest_events(event_of integer[], masks bigint[], event integer) returns integer[]
language plpgsql immutable parallel safe
as $$
declare
    unseen bigint := (1::bigint << cardinality(event_of)) - 1;
    taken_after integer[] := array_fill(0, array[cardinality(event_of)]);
    waiting integer[] := '{}';
    place integer := 0;
    left_step integer := 0;
    found bigint := masks[event];
    step integer;
    given integer;
    former integer;
begin
    loop
        found := found & unseen;
        while found <> 0 loop
            step := bit_count(((found & -found) - 1)::bit(64)) + 1;
            found := found & (found - 1);
            unseen := unseen & ~(1::bigint << (step - 1));
            taken_after[step] := left_step;
            -- A step that nobody does, else that of the earliest event.
            if given is null or event_of[step] < event_of[given] then
                given := step;
                exit when event_of[step] = 0;
            end if;
            waiting := waiting || step;
        end loop;
        place := place + 1;
        exit when event_of[given] = 0 or place > cardinality(waiting);
        left_step := waiting[place];
        found := masks[event_of[left_step]];
    end loop;
    while given <> 0 loop
        former := taken_after[given];
        event_of[given] := case when former = 0 then event else event_of[former] end;
        given := former;
    end loop;
    return event_of;
end
$$;

comment on function ops.latest_events(integer[], bigint[], integer) is
'Which event does each step (0: none) once a later event has come, each event one step: as many steps as the events up to '
'it can do, by the latest of them. So those of them from any event on are as many as the events from it on can do.';
