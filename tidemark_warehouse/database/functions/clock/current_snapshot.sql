create or replace function ops.current_snapshot() returns pg_snapshot
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select case
        when c.shift = 0 then s.here
        else concat_ws(
            ':',
            pg_snapshot_xmin(s.here)::text::bigint + c.shift,
            pg_snapshot_xmax(s.here)::text::bigint + c.shift,
            coalesce(
                (
                    select string_agg((x.xid::text::bigint + c.shift)::text, ',' order by x.xid)
                    from pg_snapshot_xip(s.here) as x (xid)
                ),
                ''
            )
        )::pg_snapshot
    end
    from ops.clock as c
    cross join pg_current_snapshot() as s (here)
$$;

comment on function ops.current_snapshot() is
'The transactions that are visible now, by the ids that raw rows carry.';
