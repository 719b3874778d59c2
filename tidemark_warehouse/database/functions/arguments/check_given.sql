-- The checks of arguments: each error names the argument, its value and what is possible.
create or replace function ops.check_given(argument text, value text) returns void
language plpgsql immutable parallel safe
as $$
begin
    if value is null then
        raise exception '% is null: a value is needed', argument using errcode = 'invalid_parameter_value';
    end if;
end
$$;

comment on function ops.check_given(text, text) is 'Refuses a null.';

grant execute on function ops.check_given(text, text) to tidemark_reader;
