create or replace function ops.distributed_tables() returns setof regclass
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    if to_regclass('pg_catalog.pg_dist_partition') is null then
        return;
    end if;
    -- All but tables that Citus knows and leaves on the coordinator.
    return query execute $query$
        select d.logicalrelid
        from pg_catalog.pg_dist_partition as d
        inner join pg_class as c on d.logicalrelid = c.oid
        inner join pg_namespace as n on c.relnamespace = n.oid
        where
            not (d.partmethod = 'n' and d.repmodel = 's')
            and n.nspname in ('raw', 'seeds', 'snapshots', 'staging', 'intermediate', 'marts', 'reporting', 'ops')
        order by d.logicalrelid::text
    $query$;
end
$$;

comment on function ops.distributed_tables() is
'The tables of the warehouse that Citus spreads over workers, or copies to them. Builds are not exact over these: a '
'transaction is visible on the coordinator before its rows are on every worker.';
