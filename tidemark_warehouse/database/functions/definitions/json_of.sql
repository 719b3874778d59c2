create or replace function ops.json_of(content text) returns jsonb
language plpgsql immutable parallel safe
as $$
begin
    return content::jsonb;
exception
    when others then return null;
end
$$;

comment on function ops.json_of(text) is 'The JSON that a text is; null where it is none.';
