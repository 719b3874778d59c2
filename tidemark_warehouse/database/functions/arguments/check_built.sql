create or replace function ops.check_built(variadic relations text[]) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    relation text;
begin
    foreach relation in array relations loop
        if to_regclass(relation) is null then
            raise exception '% has not been built yet', relation
                using errcode = 'object_not_in_prerequisite_state', hint = 'Run: tidemark build';
        end if;
    end loop;
end
$$;

comment on function ops.check_built(text[]) is 'Says so where a relation is missing, for migrations come before builds.';

grant execute on function ops.check_built(text[]) to tidemark_reader;
