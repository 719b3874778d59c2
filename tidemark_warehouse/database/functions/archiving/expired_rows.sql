create or replace function ops.expired_rows(mart text, before timestamptz, out row_count bigint, out bytes bigint)
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    target ops.retention_targets;
begin
    select t.* into target from ops.retention_targets as t where t.relation = mart and not t.is_raw;
    row_count := 0;
    bytes := 0;
    if to_regclass(mart) is null then
        return;
    end if;
    execute format(
        'select count(*), coalesce(sum(pg_column_size(t.*)), 0) from %s as t where %I < $1 and (%s)',
        mart::regclass, target.time_column, coalesce(target.only_where, 'true')
    ) into row_count, bytes using before;
end
$$;

comment on function ops.expired_rows(text, timestamptz) is
'How many rows of a mart, and bytes of them, expire_mart would delete.';
