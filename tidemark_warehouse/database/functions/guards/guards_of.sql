create or replace function ops.guards_of(target regclass)
returns table (kind text, name text, definition text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select 'constraint', c.conname::text, pg_get_constraintdef(c.oid)
    from pg_constraint as c
    where c.conrelid = target and c.contype in ('p', 'u')
    union all
    select 'index', c.relname::text, replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ')
    from pg_index as i
    inner join pg_class as c on i.indexrelid = c.oid
    where
        i.indrelid = target
        and i.indisvalid
        and not exists (
            select
            from pg_constraint as k
            where k.conrelid = target and k.conindid = i.indexrelid and k.contype in ('p', 'u')
        )
    union all
    select
        'trigger',
        t.tgname::text,
        replace(pg_get_triggerdef(t.oid), 'CREATE TRIGGER', 'CREATE OR REPLACE TRIGGER')
    from pg_trigger as t
    where t.tgrelid = target and not t.tgisinternal and t.tgenabled in ('O', 'A')
    union all
    select
        'column',
        a.attname::text,
        format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then ' not null' else '' end
        || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
    from pg_attribute as a
    left join pg_attrdef as d on a.attrelid = d.adrelid and a.attnum = d.adnum
    where a.attrelid = target and a.attnum > 0 and not a.attisdropped
$$;

comment on function ops.guards_of(regclass) is 'What guards a raw table now: keys, indexes, triggers, types of columns.';
