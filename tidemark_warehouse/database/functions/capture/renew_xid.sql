create or replace function ops.renew_xid() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if new is distinct from old then
        new._xid := ops.current_xid();
    end if;
    return new;
end
$$;

comment on function ops.renew_xid() is
'Row trigger before UPDATE: a row that really changes carries the transaction that changed it.';
