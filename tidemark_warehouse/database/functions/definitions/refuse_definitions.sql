create or replace function ops.refuse_definitions(problems text[]) returns boolean
language plpgsql volatile
as $$
begin
    if cardinality(problems) > 0 then
        raise exception 'wrong definitions: %', array_to_string(problems, '; ')
            using hint = 'Mend the rows and build again; until then the marts stay as they were.';
    end if;
    return true;
end
$$;

comment on function ops.refuse_definitions(text[]) is
'True without problems; with any it ends the build of what reads the definitions.';
