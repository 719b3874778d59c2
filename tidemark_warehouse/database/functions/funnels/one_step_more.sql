-- A search for an augmenting path: breadth first from new events to a step that nobody does. An event on the way changes
-- its step, or another event of its group takes its place.
create or replace function ops.one_step_more(
    event_of integer[],
    masks bigint[],
    events integer[],
    group_of integer[] default null,
    first_of integer[] default null,
    last_of integer[] default null
) returns integer[]
language plpgsql immutable parallel safe
as $$
declare
    unseen bigint := (1::bigint << cardinality(event_of)) - 1;
    taken_by integer[] := array_fill(0, array[cardinality(event_of)]);
    taken_after integer[] := taken_by;
    waiting integer[] := '{}';
    asked integer[] := '{}';
    candidates integer[] := events;
    place integer := 0;
    left_step integer := 0;
    event integer;
    own_group integer;
    found bigint;
    step integer;
begin
    loop
        foreach event in array candidates loop
            found := masks[event] & unseen;
            while found <> 0 loop
                step := bit_count(((found & -found) - 1)::bit(64)) + 1;
                found := found & (found - 1);
                unseen := unseen & ~(1::bigint << (step - 1));
                taken_by[step] := event;
                taken_after[step] := left_step;
                if event_of[step] = 0 then
                    while step <> 0 loop
                        event_of[step] := taken_by[step];
                        step := taken_after[step];
                    end loop;
                    return event_of;
                end if;
                waiting := waiting || step;
            end loop;
        end loop;
        place := place + 1;
        if place > cardinality(waiting) then
            return null;
        end if;
        left_step := waiting[place];
        event := event_of[left_step];
        candidates := array[event];
        own_group := group_of[event];
        if own_group is not null and own_group <> all(asked) then
            asked := asked || own_group;
            candidates := candidates || array(
                select e
                from generate_series(first_of[own_group], last_of[own_group]) as e
                where masks[e] & unseen <> 0 and group_of[e] = own_group and e <> all(event_of)
            );
        end if;
    end loop;
end
$$;

comment on function ops.one_step_more(integer[], bigint[], integer[], integer[], integer[], integer[]) is
'Which event does each step (0: none) once one of the events does a step more, each event one step; null where none can. '
'Events that did a step go on doing one; with groups (first_of, last_of: their places; group_of: which is whose) each '
'group goes on doing as many.';
