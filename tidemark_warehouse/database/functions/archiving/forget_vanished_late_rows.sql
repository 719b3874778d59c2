create or replace function ops.forget_vanished_late_rows() returns bigint
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    late record;
    gone bigint := 0;
    vanished bigint;
begin
    for late in select distinct table_name from ops.noted_late_rows loop
        execute format(
            'delete from ops.noted_late_rows as l where l.table_name = %L and not exists '
            '(select from raw.%I as r where %s = l.key and %s = l.row_time)',
            late.table_name, late.table_name,
            ops.key_of(('raw.' || quote_ident(late.table_name))::regclass),
            ops.time_of(('raw.' || quote_ident(late.table_name))::regclass)
        );
        get diagnostics vanished = row_count;
        gone := gone + vanished;
    end loop;
    return gone;
end
$$;

comment on function ops.forget_vanished_late_rows() is
'Removes from ops.late_rows what has been deleted from raw; returns how many.';
