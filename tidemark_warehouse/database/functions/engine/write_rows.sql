create or replace function ops.write_rows(
    program ops.programs, last ops.watermarks, moment ops.moment, is_empty boolean
) returns ops.refreshes
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    target regclass := program.relation;
    listed text := ops.column_list(program.columns, '');
    batch record;
    part ops.moment := moment;
    written bigint;
    done ops.refreshes;
begin
    done.rows_written := 0;
    done.rows_deleted := 0;
    if moment.keys = 0 then
        return done;
    end if;

    -- An empty table is filled without a comparison, and logs one reset in place of its rows.
    if is_empty and moment.mode = 'whole' then
        for batch in select b.batch_from, b.batch_to from ops.batches(program) as b loop
            part.batch_from := batch.batch_from;
            part.batch_to := batch.batch_to;
            execute format(
                'insert into %s (%s) select %s from (%s) as r where not %s',
                target, listed, ops.column_list(program.columns, 'r.'), program.texts ->> 'whole',
                replace(program.texts ->> 'sealed', '{row}', 'r')
            ) using part;
            get diagnostics written = row_count;
            done.rows_written := done.rows_written + written;
        end loop;
        execute format('analyze %s', target);
        return done;
    end if;

    perform ops.compute(program, moment);
    moment := ops.at_hook('computed', program, last, moment);
    execute ops.delete_text(program, moment) using moment;
    get diagnostics done.rows_deleted = row_count;
    execute ops.insert_text(program, moment) using moment;
    get diagnostics done.rows_written = row_count;
    return done;
end
$$;

comment on function ops.write_rows(ops.programs, ops.watermarks, ops.moment, boolean) is
'Brings the rows in scope to what the program gives. Equal rows are left alone, so that nothing ripples upward; '
'replaced and new ones are logged in ops.changes for the relations above.';
