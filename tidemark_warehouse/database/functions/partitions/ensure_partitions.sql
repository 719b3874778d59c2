create or replace function ops.ensure_partitions(at_most integer default 100) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
declare
    added integer := 0;
    of_parent integer;
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
        of_parent := ops.ensure_partitions_for(parent, now(), now() + interval '2 months');
        execute format(
            'select array_agg(distinct date_trunc(''month'', %1$I)) from %2$s '
            'where %1$I >= ''0001-01-01 00:00:00+00'' and %1$I < ''294276-12-01 00:00:00+00''',
            ops.partition_column(parent), default_child
        ) into crowded_months;
        foreach month_start in array coalesce(crowded_months, '{}') loop
            exit when added + of_parent >= at_most;
            of_parent := of_parent + ops.add_partition(parent, month_start)::integer;
        end loop;
        if of_parent > 0 then
            perform ops.note_versions(parent);
        end if;
        added := added + of_parent;
    end loop;
    return added;
end
$$;

comment on function ops.ensure_partitions(integer) is
'Partitions for this month and the next two, and for the months that the default partitions hold, but about so many at '
'once: each holds a dozen locks until the transaction ends. Returns how many were added; 0 = none is missing.';
