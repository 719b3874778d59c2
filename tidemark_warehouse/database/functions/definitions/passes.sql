create or replace function ops.passes(properties jsonb, filters jsonb) returns boolean
language plpgsql immutable parallel safe
as $$
declare
    rule jsonb;
    found jsonb;
    operands jsonb;
    operator text;
    holds boolean;
begin
    for i in 0 .. jsonb_array_length(filters) - 1 loop
        rule := filters -> i;
        operator := rule ->> 'operator';
        operands := rule -> 'operands';
        found := properties -> (rule ->> 'property');
        if operator in ('eq', 'neq') then
            if found is null then
                holds := false;
            elsif jsonb_typeof(found) in ('array', 'object') then
                holds := found = any(array(select o.value from jsonb_array_elements(operands) as o));
            else
                holds := operands @> found;
            end if;
            if operator = 'neq' then
                holds := not holds;
            end if;
        elsif operator = 'contains' then
            holds := coalesce((
                select bool_or(position(lower(o.value) in lower(found #>> '{}')) > 0)
                from jsonb_array_elements_text(operands) as o
            ), false);
        elsif operator = 'is_set' then
            holds := found is not null and found <> 'null';
        elsif operator = 'is_not_set' then
            holds := found is null or found = 'null';
        elsif found is null or jsonb_typeof(found) <> 'number' then
            holds := false;
        elsif operator = 'gt' then
            holds := found > operands -> 0;
        elsif operator = 'gte' then
            holds := found >= operands -> 0;
        elsif operator = 'lt' then
            holds := found < operands -> 0;
        else
            holds := found <= operands -> 0;
        end if;
        if not holds then
            return false;
        end if;
    end loop;
    return true;
end
$$;

comment on function ops.passes(jsonb, jsonb) is
'Whether properties satisfy every one of the prepared filters. The macro satisfies says the same of '
'one rule of a seed.';
