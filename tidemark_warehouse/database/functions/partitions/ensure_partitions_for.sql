create or replace function ops.ensure_partitions_for(
    parent regclass, first_at timestamptz, last_at timestamptz
) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
declare
    added integer := 0;
    -- The loader calls this; what lies beyond goes to the default partition, and the next build decides.
    earliest constant timestamptz := '1900-01-01 00:00:00+00';
    latest constant timestamptz := now() + interval '10 years';
    month_start timestamptz;
begin
    perform ops.check_partitioned_raw(parent);
    if ops.partition_column(parent) is null then
        return 0;
    end if;
    for month_start in
        select generate_series(
            date_trunc('month', greatest(first_at, earliest)),
            date_trunc('month', least(last_at, latest)),
            interval '1 month'
        )
        where isfinite(first_at) and isfinite(last_at)
    loop
        -- Each holds a dozen locks until the transaction ends.
        exit when added >= 200;
        added := added + ops.add_partition(parent, month_start)::integer;
    end loop;
    if added > 0 then
        perform ops.note_versions(parent);
    end if;
    return added;
end
$$;

comment on function ops.ensure_partitions_for(regclass, timestamptz, timestamptz) is
'Makes every month''s partition of a raw table from first_at to last_at, none before 1900 or more than ten years ahead, '
'and at most 200; returns how many were added. Call it in a transaction of its own, so that its locks end before rows '
'are loaded.';

grant execute on function ops.ensure_partitions_for(regclass, timestamptz, timestamptz) to tidemark_loader;
