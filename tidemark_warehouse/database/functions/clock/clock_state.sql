create or replace function ops.clock_state() returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select case
        when c.xmin::text::bigint <> c.own_xmin or c.own_table <> 'ops.clock'::regclass then 'moved'
        when s.next_xid <= c.floor then 'set back'
        when s.next_xid + c.shift < (select max(pg_snapshot_xmax(w.seen))::text::bigint from ops.watermarks as w)
            then 'moved'
        else 'here'
    end
    from ops.clock as c
    cross join (select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as next_xid) as s
$$;

comment on function ops.clock_state() is
'here: this server''s ids go on from those of the last build. moved: a dump was restored, so that its ids are others''. '
'set back: the files are the same, and the server counts from an earlier id (pg_resetwal).';
