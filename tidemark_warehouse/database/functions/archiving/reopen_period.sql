create or replace function ops.reopen_period(restored_period_id bigint) returns bigint
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    period ops.sealed_periods;
    touched bigint;
begin
    update ops.sealed_periods as p
    set reopened_at = clock_timestamp(), reopened_xid = ops.current_xid()
    where p.period_id = restored_period_id and p.reopened_at is null
    returning p.* into period;
    if period.period_id is null then
        return 0;
    end if;
    delete from ops.kept_funnel_attempts as k where k.period_id = restored_period_id;
    delete from ops.kept_identifications as k where k.period_id = restored_period_id;
    delete from ops.sealed_workflows as k where k.period_id = restored_period_id;
    -- Rows that waited were seen long ago; as new ones they are in scope. Each of them, because its bucket
    -- may reach over this period's edge. Any other transaction id makes the trigger give them this one.
    execute format(
        'update %1$s as r set _xid = 0 from '
        '(select distinct l.key, l.row_time from ops.noted_late_rows as l where l.table_name = %2$L) as l '
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
