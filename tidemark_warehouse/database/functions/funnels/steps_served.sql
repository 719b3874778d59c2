create or replace function ops.steps_served(masks bigint[], step_count integer) returns integer[]
language plpgsql immutable parallel safe
as $$
declare
    steps constant bigint := (1::bigint << step_count) - 1;
    event_of integer[];
    event_masks bigint[] := masks;
    step_masks bigint[];
    step_of integer[];
    grown integer[];
    last integer := 0;
    together bigint := 0;
    has_choice boolean := false;
    served integer[] := '{}';
begin
    for e in 1 .. cardinality(masks) loop
        has_choice := has_choice or (masks[e] & steps & ((masks[e] & steps) - 1)) <> 0;
        together := together | masks[e];
    end loop;
    if cardinality(masks) = 1 or not has_choice then
        -- Nothing to choose: one event does one step, or each event its own.
        served := array_fill(0, array[step_count]);
        for s in reverse step_count .. 1 loop
            if together >> (s - 1) & 1 = 1 then
                last := case when cardinality(masks) = 1 then 1 else last + 1 end;
                served[s] := last;
            else
                last := 0;
            end if;
        end loop;
        return served;
    end if;
    if cardinality(masks) > step_count then
        -- Events that together do as many steps as all of them do every choice of steps that all can do.
        event_of := array_fill(0, array[step_count]);
        for e in 1 .. cardinality(masks) loop
            if masks[e] & steps <> 0 then
                event_of := ops.latest_events(event_of, masks, e);
            end if;
        end loop;
        event_masks := array(select masks[e] from unnest(event_of) as e where e > 0);
    end if;
    step_masks := array(
        select coalesce(sum(1::bigint << (m.place - 1)::integer) filter (where m.mask >> (s - 1) & 1 = 1), 0)::bigint
        from generate_series(1, step_count) as s
        left join unnest(event_masks) with ordinality as m (mask, place) on true
        group by s
        order by s
    );
    step_of := array_fill(0, array[greatest(cardinality(event_masks), 1)]);
    for asked in 1 .. step_count loop
        last := greatest(last, asked - 1);
        while last < step_count loop
            grown := ops.one_step_more(step_of, step_masks, array[last + 1]);
            exit when grown is null;
            step_of := grown;
            last := last + 1;
        end loop;
        served := served || (last - asked + 1);
        step_of := array_replace(step_of, asked, 0);
    end loop;
    return served;
end
$$;

comment on function ops.steps_served(bigint[], integer) is
'For each step, how many steps in turn from it on the events of one instant can do, each event one step.';
