create or replace function ops.renew_xid() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if new is distinct from old then
        new._xid := pg_current_xact_id()::text::bigint;
    end if;
    return new;
end
$$;

comment on function ops.renew_xid() is
'Row trigger before UPDATE: a row that really changes carries the transaction that changed it.';
