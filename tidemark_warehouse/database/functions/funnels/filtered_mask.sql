create or replace function ops.filtered_mask(filtered jsonb, properties jsonb) returns bigint
language plpgsql immutable parallel safe
as $$
declare
    mask bigint := 0;
begin
    for i in 0 .. jsonb_array_length(filtered) - 1 loop
        if ops.passes(properties, filtered -> i -> 'filters') then
            mask := mask | (filtered -> i ->> 'mask')::bigint;
        end if;
    end loop;
    return mask;
end
$$;

comment on function ops.filtered_mask(jsonb, jsonb) is
'The bits of ops.funnel_events.filtered whose filters an event''s properties satisfy.';
