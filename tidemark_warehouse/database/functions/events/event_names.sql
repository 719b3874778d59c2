create or replace function ops.event_names(events text[]) returns text[]
language plpgsql immutable
as $$
begin
    if coalesce(cardinality(events), 0) not between 1 and 100 then
        raise exception 'events has % names: from 1 to 100 are possible', coalesce(cardinality(events), 0)
            using errcode = 'invalid_parameter_value', hint = 'All events are *: {*} in SQL.';
    end if;
    if array_position(events, null) is not null then
        raise exception 'events has a null among its names' using errcode = 'invalid_parameter_value';
    end if;
    return case when not '*' = any(events) then array(select distinct unnest(events)) end;
end
$$;

comment on function ops.event_names(text[]) is 'Event names, checked, each once; null where * asks for all.';
