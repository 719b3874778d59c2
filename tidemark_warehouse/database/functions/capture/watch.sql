create or replace function ops.watch(logical_name text, target regclass) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    guard record;
begin
    for guard in
        select *
        from (
            values
            (
                'log_updated',
                'after update on %s referencing old table as old_rows for each statement '
                'execute function ops.log_old_rows(%L)'
            ),
            (
                'log_deleted',
                'after delete on %s referencing old table as old_rows for each statement '
                'execute function ops.log_old_rows(%L)'
            ),
            ('refuse_truncate', 'before truncate on %s for each statement execute function ops.refuse_truncate(%L)'),
            ('renew_xid', 'before update on %s for each row execute function ops.renew_xid()'),
            (
                'restamp',
                'after insert on %s for each row when (new._xid is distinct from ops.current_xid()) '
                'execute function ops.restamp()'
            )
        ) as g (name, definition)
    loop
        if not exists (select from pg_trigger as t where t.tgrelid = target and t.tgname = guard.name) then
            execute format('create trigger %I ' || guard.definition, guard.name, target, logical_name);
        end if;
        if exists (
            select from pg_trigger as t
            where t.tgrelid = target and t.tgname = guard.name and t.tgenabled <> 'A'
        ) then
            execute format('alter table only %s enable always trigger %I', target, guard.name);
        end if;
    end loop;
end
$$;

comment on function ops.watch(text, regclass) is
'Sees to it that a raw table, or one of its partitions, has its triggers, and that they work for every writer: '
'session_replication_role = replica does not pass them by.';
