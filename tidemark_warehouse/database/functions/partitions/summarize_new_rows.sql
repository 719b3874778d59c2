-- A BRIN index does not cover rows that were loaded since autovacuum last ran, so that every model that asks what is new
-- would read all of those again: 200,000 rows took 25 ms, twice in the build of each count.
create or replace function ops.summarize_new_rows() returns integer
language plpgsql set search_path = pg_catalog, pg_temp set lock_timeout = '50ms'
as $$
declare
    brin_index regclass;
    ranges integer := 0;
begin
    for brin_index in
        select i.indexrelid
        from pg_stat_user_tables as s
        inner join pg_index as i on s.relid = i.indrelid
        inner join pg_class as c on i.indexrelid = c.oid
        inner join pg_am as m on c.relam = m.oid
        where s.schemaname = 'raw' and s.n_ins_since_vacuum >= 1000 and m.amname = 'brin'
        order by i.indexrelid
    loop
        begin
            ranges := ranges + brin_summarize_new_values(brin_index);
        exception
            -- A vacuum of the table has the lock, and does the same. Or its partition is gone.
            when lock_not_available or undefined_table then null;
        end;
    end loop;
    return ranges;
end
$$;

comment on function ops.summarize_new_rows() is
'Brings the BRIN indexes of raw tables that many rows were added to up to date, as autovacuum does some time after a load; returns how many ranges of pages that were. Waits at most 50 ms for a lock.';
