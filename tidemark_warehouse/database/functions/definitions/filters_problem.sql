create or replace function ops.filters_problem(filters jsonb) returns text
language plpgsql immutable parallel safe
as $$
declare
    rule jsonb;
    operator text;
    operand jsonb;
    operand_type text;
begin
    if filters is null or jsonb_typeof(filters) <> 'array' then
        return 'filters is not a JSON array';
    end if;
    if jsonb_array_length(filters) > 20 then
        return format('filters has %s rules: at most 20 are possible', jsonb_array_length(filters));
    end if;
    for rule in select r.value from jsonb_array_elements(filters) as r loop
        if jsonb_typeof(rule) <> 'object' then
            return format('the filter %s is not a JSON object', rule);
        end if;
        if coalesce(jsonb_typeof(rule -> 'property'), '') <> 'string' then
            return format('the filter %s names no property', rule);
        end if;
        operator := coalesce(rule ->> 'operator', '');
        if operator not in
            ('eq', 'neq', 'contains', 'gt', 'gte', 'lt', 'lte', 'is_set', 'is_not_set')
        then
            return format('unknown operator "%s"', operator);
        end if;
        operand := rule -> 'value';
        operand_type := coalesce(jsonb_typeof(operand), 'none');
        if operand_type = 'array' and jsonb_array_length(operand) > 1000 then
            return format(
                'operator %s has %s values: at most 1000 are possible', operator, jsonb_array_length(operand)
            );
        end if;
        if operator in ('eq', 'neq', 'contains') and operand_type = 'none' then
            return format('operator %s needs a value', operator);
        end if;
        if operator in ('gt', 'gte', 'lt', 'lte') and operand_type <> 'number' then
            return format('operator %s needs a number', operator);
        end if;
        if operator = 'contains' and exists (
            select
            from jsonb_array_elements(
                case operand_type when 'array' then operand else jsonb_build_array(operand) end
            ) as o
            where jsonb_typeof(o.value) not in ('string', 'number')
        ) then
            return 'operator contains needs a text, or a list of texts';
        end if;
    end loop;
    return null;
end
$$;

comment on function ops.filters_problem(jsonb) is
'Which rule a list of filters breaks, in words; null where it breaks none.';
