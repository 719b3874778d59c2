create or replace function ops.views_beneath(outermost regclass) returns setof oid
language sql stable set search_path = pg_catalog, pg_temp
as $$
    with recursive views as (
        select outermost::oid as relid
        union
        select d.refobjid
        from views as v
        inner join pg_rewrite as r on v.relid = r.ev_class
        inner join pg_depend as d on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
        inner join pg_class as c on d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid
        where c.relkind = 'v'
    )

    select v.relid from views as v
$$;

comment on function ops.views_beneath(regclass) is 'A view, and the views that it reads, at any depth.';
