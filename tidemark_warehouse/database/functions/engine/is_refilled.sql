create or replace function ops.is_refilled(program ops.programs, last ops.watermarks) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select exists (
        select 1
        from ops.changes as c
        where
            c.relation = any(program.reads)
            and c.kind = 'reset'
            and (
                c.xid >= pg_snapshot_xmax(last.seen)::text::bigint
                or c.xid = any(array(select pg_snapshot_xip(last.seen)::text::bigint))
            )
    )
$$;

comment on function ops.is_refilled(ops.programs, ops.watermarks) is
'Whether a table that the program reads was filled anew since the last refresh, without a row for each row.';
