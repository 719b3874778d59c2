create or replace function ops.note_bad_rows(test ops.tests) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    began constant timestamptz := clock_timestamp();
    is_since_last_look constant boolean := test.seen_before is not null and test.rows_text like '%ops.last_look(%';
begin
    if test.counts_rows is not true then
        return;
    end if;
    if test.status <> 'pass' then
        execute format(
            'insert into ops.bad_rows as b (table_name, reason, row_count, example) '
            'select f.table_name, f.reason, f.row_count, f.example from (%s) as f '
            'on conflict on constraint bad_rows_pkey do update set '
            'row_count = excluded.row_count + case when $1 then b.row_count else 0 end, '
            'example = excluded.example, last_at = excluded.last_at',
            test.rows_text
        ) using is_since_last_look;
    end if;
    if not is_since_last_look then
        delete from ops.bad_rows as b where b.table_name = any(test.nodes) and b.last_at < began;
    end if;
end
$$;

comment on function ops.note_bad_rows(ops.tests) is
'After a data test of raw has run: keeps what it found. A look at all rows replaces what was found before, one at the rows '
'since the last look adds to it.';
