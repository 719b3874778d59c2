create or replace function ops.data_span(mart regclass, out oldest_at timestamptz, out newest_at timestamptz)
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    column_name name;
begin
    -- A time that leads an index: its ends are found without reading the mart.
    select a.attname into column_name
    from pg_index as i
    inner join pg_attribute as a on i.indrelid = a.attrelid and i.indkey[0] = a.attnum
    where i.indrelid = mart and i.indpred is null and a.atttypid in ('date'::regtype, 'timestamptz'::regtype)
    order by a.attnum
    limit 1;
    if column_name is not null then
        execute format(
            'select min(%1$I), max(%1$I) from %2$s', column_name, mart
        ) into oldest_at, newest_at;
    end if;
end
$$;

comment on function ops.data_span(regclass) is
'The oldest and newest time of a mart, null where no index answers it.';
