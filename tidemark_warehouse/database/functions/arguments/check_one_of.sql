create or replace function ops.check_one_of(argument text, value text, possible text[]) returns void
language plpgsql immutable parallel safe
as $$
begin
    if value is null or value <> all(possible) then
        raise exception '% is %: one of % is possible',
            argument, coalesce('"' || left(value, 100) || '"', 'null'), array_to_string(possible, ', ')
            using errcode = 'invalid_parameter_value';
    end if;
end
$$;

comment on function ops.check_one_of(text, text, text[]) is 'Refuses a word that is not in a list.';

grant execute on function ops.check_one_of(text, text, text[]) to tidemark_reader;
