create or replace function ops.expire_mart(
    mart text, before timestamptz, still_days integer, out rows_gone bigint, out objections text[]
)
language plpgsql set search_path = pg_catalog, pg_temp set lock_timeout = '10s'
as $$
declare
    target ops.retention_targets;
begin
    select t.* into target from ops.retention_targets as t where t.relation = mart and not t.is_raw;
    execute format('lock table %s in share row exclusive mode', mart::regclass);
    rows_gone := 0;
    objections := ops.retention_objections(mart, '-infinity', before, still_days, 0);
    if objections <> '{}' then
        return;
    end if;
    insert into ops.purged_marts as p (relation, before_at)
    values (mart, before)
    on conflict (relation) do update set
        before_at = greatest(p.before_at, excluded.before_at), purged_at = clock_timestamp();
    execute format(
        'delete from %s where %I < %L and (%s)', mart::regclass, target.time_column, before,
        coalesce(target.only_where, 'true')
    );
    get diagnostics rows_gone = row_count;
end
$$;

comment on function ops.expire_mart(text, timestamptz, integer) is
'Deletes the rows of a mart before a time, for every reader silently, and records the time; or returns why not.';
