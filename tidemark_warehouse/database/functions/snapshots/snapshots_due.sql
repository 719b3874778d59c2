create or replace function ops.snapshots_due() returns setof text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    readers constant ops.reader[] := array(
        select row(s.relation, s.reads, s.seen)::ops.reader
        from ops.snapshots as s
    );
begin
    return query select b.name from ops.readers_behind(readers) as b;
end
$$;

comment on function ops.snapshots_due() is 'The dbt snapshots that have not seen changes of what they read.';
