create or replace function ops.store_program(
    program jsonb, out is_edited boolean, out is_reshaped boolean, out is_unsettled boolean
)
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    given ops.programs := jsonb_populate_record(null::ops.programs, program);
    present ops.programs;
    last ops.watermarks;
begin
    select p.* into present from ops.programs as p where p.relation = given.relation;
    given.stored_at := present.stored_at;
    given.functions := ops.functions_beneath(given.texts ->> 'definition');
    if given is distinct from present then
        delete from ops.programs as p where p.relation = given.relation;
        given.stored_at := clock_timestamp();
        insert into ops.programs select given.*;
    end if;
    select w.* into last from ops.watermarks as w where w.relation = given.relation;
    is_edited := last.fingerprint is distinct from ops.fingerprint(given);
    is_reshaped := last.shape is distinct from given.shape;
    is_unsettled := last.settings is distinct from given.settings;
end
$$;

comment on function ops.store_program(jsonb) is
'Stores a model''s program (macros/engine/program.sql) where it differs from the one that is there, and says how the '
'relation stands to it: made by another definition, of another shape, with other descriptions, indexes or grants.';
