create or replace function ops.delete_text(program ops.programs, moment ops.moment) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select format(
        'with gone as (delete from %1$s as t where %2$s not exists (select 1 from pg_temp.result as r where %3$s '
        'and (%4$s) is not distinct from (%5$s)) and not %6$s returning t.*) '
        'insert into ops.changes (relation, kind, row_image) select %7$L, ''old'', to_jsonb(gone) from gone',
        program.relation::regclass,
        case when moment.mode <> 'whole' then ops.in_affected_keys() || ' and ' end,
        ops.same_key(program),
        ops.column_list(program.columns, 't.'),
        ops.column_list(program.columns, 'r.'),
        replace(program.texts ->> 'kept', '{row}', 't'),
        program.relation
    )
$$;

comment on function ops.delete_text(ops.programs, ops.moment) is
'The statement that deletes the rows in scope that no row of the result equals, sealed ones apart, and logs them.';
