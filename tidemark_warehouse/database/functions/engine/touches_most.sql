create or replace function ops.touches_most(program ops.programs, moment ops.moment, is_empty boolean) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select
        moment.keys >= 10000
        and moment.window_from is null
        and not program.hooks ? 'keys'
        and (is_empty or 2 * moment.keys > c.reltuples and c.reltuples > 0)
    from pg_class as c
    where c.oid = program.relation::regclass
$$;

comment on function ops.touches_most(ops.programs, ops.moment, boolean) is
'Whether so many keys are affected that all are computed at less cost: of a table that is empty, or of one that has fewer '
'than twice as many rows. So it is where a warehouse was built before it was loaded. Few keys are computed alone in any '
'case, and kinds that choose their keys themselves choose by cost, too.';
