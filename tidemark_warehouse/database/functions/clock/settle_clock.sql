create or replace function ops.settle_clock() returns text
language plpgsql set search_path = pg_catalog, pg_temp set lock_timeout = '60s'
as $$
declare
    state text;
    last_shift bigint;
    greatest_id bigint := 0;
    of_table bigint;
    target regclass;
begin
    perform pg_advisory_xact_lock(hashtextextended('tidemark clock', 0));
    state := ops.clock_state();
    select c.shift into last_shift from ops.clock as c;
    if state = 'here' then
        perform ops.set_clock(last_shift);
        return state;
    end if;

    -- Who writes now has ids of before: they end first, and whoever comes next has new ones.
    for target in select * from ops.raw_tables() loop
        execute format('lock table %s in share row exclusive mode', target);
    end loop;
    for target in
        select * from ops.raw_tables()
    loop
        execute format('select max(_xid) from %s where _xid < $1', target)
        into of_table using ops.ids_before_the_clock();
        greatest_id := greatest(greatest_id, of_table);
    end loop;
    select greatest(
        greatest_id,
        (select max(c.xid) from ops.changes as c where c.xid < ops.ids_before_the_clock()),
        (select max(e.xid) from ops.erasures as e where e.xid < ops.ids_before_the_clock()),
        (select max(p.reopened_xid) from ops.sealed_periods as p where p.reopened_xid < ops.ids_before_the_clock()),
        (select max(pg_snapshot_xmax(w.seen))::text::bigint from ops.watermarks as w)
    ) into greatest_id;
    perform ops.set_clock(
        greatest(last_shift, greatest_id + 1 - pg_snapshot_xmin(pg_current_snapshot())::text::bigint)
    );

    -- What came meanwhile is new.
    for target in select * from ops.raw_tables() loop
        execute format('update %s set _xid = ops.current_xid() where _xid >= $1', target)
        using ops.ids_before_the_clock();
    end loop;
    update ops.changes set xid = ops.current_xid() where xid >= ops.ids_before_the_clock();
    update ops.erasures set xid = ops.current_xid() where xid >= ops.ids_before_the_clock();
    update ops.refreshes set xid = ops.current_xid() where xid >= ops.ids_before_the_clock();
    update ops.sealed_periods set reopened_xid = ops.current_xid() where reopened_xid >= ops.ids_before_the_clock();
    if state = 'moved' then
        perform ops.reset_readers(array(select distinct unnest(w.reads) from ops.watermarks as w));
    end if;
    return state;
end
$$;

comment on function ops.settle_clock() is
'Before a build: sees to it that this transaction''s ids come after all that there are, and returns what it found '
'(ops.clock_state). After a restored dump every model is computed whole, once.';
