create or replace function ops.raw_tables() returns setof regclass
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select c.oid::regclass
    from pg_class as c
    inner join pg_attribute as a on c.oid = a.attrelid and a.attname = '_xid' and not a.attisdropped
    where c.relnamespace = 'raw'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
    order by c.relname
$$;

comment on function ops.raw_tables() is
'The raw tables that models may read: those whose rows carry a transaction id.';
