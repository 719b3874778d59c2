-- Rows of marts that expire, and archived periods that come back.

create function ops.expired_rows(mart text, before timestamptz, out row_count bigint, out bytes bigint)
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

create function ops.expire_mart(
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

-- The way back ---------------------------------------------------------------------------------

create function ops.reopen_period(restored_period_id bigint) returns bigint
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    period ops.sealed_periods;
    touched bigint;
begin
    update ops.sealed_periods as p
    set reopened_at = clock_timestamp(), reopened_xid = pg_current_xact_id()::text::bigint
    where p.period_id = restored_period_id and p.reopened_at is null
    returning p.* into period;
    if period.period_id is null then
        return 0;
    end if;
    delete from ops.kept_funnel_attempts as k where k.period_id = restored_period_id;
    delete from ops.sealed_workflows as k where k.period_id = restored_period_id;
    -- Rows that waited were seen long ago; as new ones they are in scope. Each of them, because its bucket
    -- may reach over this period's edge. Any other transaction id makes the trigger give them this one.
    execute format(
        'update %1$s as r set _xid = 0 from '
        '(select distinct l.key, l.row_time from ops.late_rows as l where l.table_name = %2$L) as l '
        'where %3$s = l.key and %4$s = l.row_time',
        period.relation, split_part(period.relation, '.', 2),
        ops.key_of(period.relation::regclass), ops.time_of(period.relation::regclass)
    );
    get diagnostics touched = row_count;
    return touched;
end
$$;
comment on function ops.reopen_period(bigint) is
'Opens a sealed period whose rows have just been brought back, in their transaction, and makes rows that '
'waited for it new; returns how many.';
