create or replace function ops.tables_beneath(query text) returns text[]
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    found_tables text[];
begin
    execute 'create temporary view asked_query as ' || query;
    select coalesce(array_agg(distinct t.name order by t.name), '{}')
    into found_tables
    from ops.views_beneath('pg_temp.asked_query') as v (relid)
    inner join pg_rewrite as r on v.relid = r.ev_class
    inner join pg_depend as d on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
    inner join pg_class as c on d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid
    cross join lateral (select c.relnamespace::regnamespace::text || '.' || c.relname) as t (name)
    where c.relkind in ('r', 'p');
    drop view pg_temp.asked_query;
    return found_tables;
end
$$;

comment on function ops.tables_beneath(text) is
'The tables that a query reads, itself or by views, as schema.table: the database knows them, whoever wrote the query.';
