create or replace function ops.set_clock(new_shift bigint) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    -- Whatever may still write has a later id.
    passed constant bigint := pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1;
begin
    delete from ops.clock;
    insert into ops.clock (shift, floor, own_xmin, own_table) values (new_shift, passed, 0, 'ops.clock'::regclass);
    update ops.clock set own_xmin = xmin::text::bigint;
    perform ops.write_current_xid(passed, new_shift);
end
$$;

comment on function ops.set_clock(bigint) is
'Writes the clock: the shift, and where this server''s own ids are now.';
