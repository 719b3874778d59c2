create or replace function ops.insert_text(program ops.programs, moment ops.moment) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
    -- A row that stands in scope is equal now. One that stands outside of it breaks the key: the scope was too narrow.
    -- Ordered by the key, so that neighbours in its index are written one after the other.
    select format(
        'with fresh as (insert into %1$s as t (%2$s) select %3$s from pg_temp.result as r where '
        'not exists (select 1 from %1$s as t where %4$s %5$s) and not %6$s order by %7$s returning t.*) '
        'insert into ops.changes (relation, kind, row_image) select %8$L, ''new'', to_jsonb(fresh) from fresh',
        program.relation::regclass,
        ops.column_list(program.columns, ''),
        ops.column_list(program.columns, 'r.'),
        ops.same_key(program),
        case when moment.mode <> 'whole' then 'and ' || ops.in_affected_keys() end,
        replace(program.texts ->> 'sealed', '{row}', 'r'),
        ops.column_list(program.key, 'r.'),
        program.relation
    )
$$;

comment on function ops.insert_text(ops.programs, ops.moment) is
'The statement that inserts the rows of the result that do not stand yet, sealed ones apart, and logs them.';
