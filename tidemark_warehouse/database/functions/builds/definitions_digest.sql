create or replace function ops.definitions_digest() returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    parts text[];
    name text;
    rows_of_seed text;
begin
    parts := array(
        select format('program %s %s %s', p.relation, p.stored_at, to_regclass(p.relation)::oid)
        from ops.programs as p
        union all
        select format('view or seed %s %s %s', v.relation, v.created_at, to_regclass(v.relation)::oid)
        from ops.views as v
        union all
        select format('snapshot %s %s %s', s.relation, md5(s.text), to_regclass(s.relation)::oid)
        from ops.snapshots as s
        union all
        select format('test %s %s', t.unique_id, md5(row(t.text, t.severity, t.warn_if, t.error_if)::text))
        from ops.tests as t
        union all
        -- Tests of raw values name the columns that there are.
        select format('column %s %s %s', a.attrelid::regclass, a.attname, a.atttypid)
        from ops.raw_tables() as r (target)
        inner join pg_attribute as a on r.target = a.attrelid
        where a.attnum > 0 and not a.attisdropped
    );
    for name in select s.relation from ops.seeds as s order by s.relation loop
        continue when to_regclass(name) is null;
        execute format(
            'select md5(string_agg(md5(s::text), '''' order by md5(s::text))) from %s as s', name::regclass
        ) into rows_of_seed;
        parts := parts || format('rows of %s %s', name, rows_of_seed);
    end loop;
    return (select md5(string_agg(p.part, e'\n' order by p.part)) from unnest(parts) as p (part));
end
$$;

comment on function ops.definitions_digest() is
'What dbt has stored of the project: programs, views, snapshots, tests, rows of seeds, and that each is there. Another '
'digest than after the last whole build means that somebody has built with other files or vars, or dropped something.';
