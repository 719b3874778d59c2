create or replace function ops.check_scope(program ops.programs) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    foreign_column text;
begin
    select a.attname into foreign_column
    from pg_attribute as a
    where
        a.attrelid = 'pg_temp.affected_keys'::regclass
        and a.attnum > 0
        and a.attname <> 'reads_from'
        and a.attname <> all(program.required)
    limit 1;
    if found then
        raise exception
            '%: its scope yields %, which is no not-null column of its contract; a scope names columns of the model, '
            'so that its old rows can be found', split_part(program.relation, '.', 2), foreign_column;
    end if;
end
$$;

comment on function ops.check_scope(ops.programs) is
'Refuses keys that could not find the relation''s rows.';
