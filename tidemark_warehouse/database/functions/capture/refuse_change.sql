create or replace function ops.refuse_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    -- The transaction id alone is the engine's to renew.
    if tg_level = 'ROW' and tg_op = 'UPDATE' then
        if new._xid <> old._xid and to_jsonb(new) - '_xid' = to_jsonb(old) - '_xid' then
            return new;
        end if;
    end if;
    raise exception '% of % is refused: an audit log is only ever added to', tg_op, tg_argv[0]
        using hint = 'Insert a further entry that corrects the earlier one.';
end
$$;

comment on function ops.refuse_change() is
'Trigger before UPDATE or DELETE: refuses it, because the table is an audit log.';
