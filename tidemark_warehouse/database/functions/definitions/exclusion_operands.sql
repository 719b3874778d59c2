-- A function, because each build of the product area asks for it in several places: as an expression of a view it was
-- planned in each of them.
create or replace function ops.exclusion_operands(property text, value text) returns jsonb[]
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
    operand jsonb;
begin
    operand := case
        when property in ('user_id', 'distinct_id') and value !~ '^(\[\s*"|")' then to_jsonb(value)
        when value ~ '^(-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?|true|false|null|".*")$' then value::jsonb
        when value ~ '^\[\s*(["\d-]|true|false|null|\])' then value::jsonb
        else to_jsonb(value)
    end;
    if jsonb_typeof(operand) = 'array' then
        return array(select o.value from jsonb_array_elements(operand) as o);
    end if;
    return array[operand];
end
$$;

comment on function ops.exclusion_operands(text, text) is
'What a rule of excluded_users compares with: the JSON that its value is, else its text; a list gives several. '
'Of ids only texts and lists of texts are JSON: an id of digits is an id.';
