create or replace function ops.ensure_partitions_for(
    parent regclass, first_at timestamptz, last_at timestamptz
) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
declare
    added integer := 0;
    month_start timestamptz;
begin
    if ops.partition_column(parent) is null then
        return 0;
    end if;
    for month_start in
        select generate_series(
            date_trunc('month', greatest(first_at, '0001-01-01 00:00:00+00')),
            date_trunc('month', last_at),
            interval '1 month'
        )
        where isfinite(first_at) and isfinite(last_at)
    loop
        added := added + ops.add_partition(parent, month_start)::integer;
    end loop;
    return added;
end
$$;

comment on function ops.ensure_partitions_for(regclass, timestamptz, timestamptz) is
'Makes every month''s partition from first_at to last_at; returns how many were added. Call it in a '
'transaction of its own, so that its locks end before rows are loaded.';

grant execute on function ops.ensure_partitions_for(regclass, timestamptz, timestamptz) to tidemark_loader;
