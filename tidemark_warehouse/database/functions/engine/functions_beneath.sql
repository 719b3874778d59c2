create or replace function ops.functions_beneath(definition text) returns text[]
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    found_functions text[];
begin
    execute 'create temporary view program_definition as ' || definition;
    with recursive
    views as (
        select v.relid from ops.views_beneath('pg_temp.program_definition') as v (relid)
    ),

    functions as (
        select d.refobjid as funcid
        from views as v
        inner join pg_rewrite as r on v.relid = r.ev_class
        inner join pg_depend as d on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
        where d.refclassid = 'pg_proc'::regclass
        union
        -- PostgreSQL does not record what a function calls: its text names it.
        select called.oid
        from functions as f
        inner join pg_proc as p on f.funcid = p.oid
        cross join lateral regexp_matches(p.prosrc, '\mops\.(\w+)', 'g') as named (parts)
        inner join pg_proc as called
            on called.pronamespace = 'ops'::regnamespace and called.proname = named.parts[1]
    )

    select coalesce(array_agg(distinct f.funcid::regprocedure::text order by f.funcid::regprocedure::text), '{}')
    into found_functions
    from functions as f
    inner join pg_proc as p on f.funcid = p.oid
    where p.pronamespace in ('ops'::regnamespace, 'api'::regnamespace);
    drop view pg_temp.program_definition;
    return found_functions;
end
$$;

comment on function ops.functions_beneath(text) is
'The functions of this project that a query calls, itself, through the views that it reads or by another function. They '
'belong to its definition.';
