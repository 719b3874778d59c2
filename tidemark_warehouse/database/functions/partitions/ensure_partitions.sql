create or replace function ops.ensure_partitions() returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
declare
    added integer := 0;
    parent regclass;
    default_child regclass;
    crowded_months timestamptz[];
    month_start timestamptz;
begin
    for parent, default_child in
        select p.partrelid, p.partdefid
        from pg_partitioned_table as p
        inner join pg_class as c on p.partrelid = c.oid
        inner join pg_namespace as n on c.relnamespace = n.oid
        where n.nspname = 'raw' and c.relowner = n.nspowner and p.partdefid <> 0
        order by c.relname
    loop
        added := added + ops.ensure_partitions_for(parent, now(), now() + interval '2 months');
        execute format(
            'select array_agg(distinct date_trunc(''month'', %1$I)) from %2$s '
            'where isfinite(%1$I) and %1$I >= ''0001-01-01 00:00:00+00''',
            ops.partition_column(parent), default_child
        ) into crowded_months;
        foreach month_start in array coalesce(crowded_months, '{}') loop
            added := added + ops.add_partition(parent, month_start)::integer;
        end loop;
    end loop;
    return added;
end
$$;

comment on function ops.ensure_partitions() is
'Partitions for this month and the next two, and for every month that the default partitions hold.';
