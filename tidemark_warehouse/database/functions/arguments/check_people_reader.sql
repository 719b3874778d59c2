create or replace function ops.check_people_reader() returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    if not has_schema_privilege('marts_people', 'usage') then
        raise exception '% may not read about people', current_user
            using errcode = 'insufficient_privilege',
            hint = 'Connect as tidemark_people_reader: tidemark url --role tidemark_people_reader';
    end if;
end
$$;

comment on function ops.check_people_reader() is
'Refuses whoever is not in tidemark_people_reader. To be called by functions that run with the rights of their '
'caller: the grants refuse as well, but say less.';

grant execute on function ops.check_people_reader() to tidemark_reader;
