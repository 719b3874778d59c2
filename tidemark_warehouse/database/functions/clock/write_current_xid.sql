create or replace function ops.write_current_xid(passed bigint, shift bigint) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    -- The numbers stand in a function of their own, and its names are all of pg_catalog: so it is planned into the
    -- statement that inserts, costs a loaded row no look at a table, and asks whoever inserts for no right on schema ops.
    execute format(
        'create or replace function ops.current_xid() returns bigint language sql volatile parallel restricted as $f$ '
        'select pg_catalog.pg_current_xact_id()::text::bigint operator(pg_catalog.+) '
        'case when pg_catalog.pg_current_xact_id()::text::bigint operator(pg_catalog.>) %s '
        'then %s::bigint else %s::bigint end $f$',
        passed, shift, ops.ids_before_the_clock()
    );
    comment on function ops.current_xid() is
    'The transaction id that rows of this transaction carry: the server''s own, shifted. Written by ops.set_clock.';
    grant execute on function ops.current_xid() to public;
end
$$;

comment on function ops.write_current_xid(bigint, bigint) is
'Makes ops.current_xid(): ids that the server gives after one that it has passed are shifted; if it counts from before '
'that, they lie where ops.settle_clock finds them.';
