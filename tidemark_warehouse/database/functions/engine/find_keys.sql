create or replace function ops.find_keys(program ops.programs, last ops.watermarks, moment ops.moment)
returns ops.moment
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if program.hooks ? 'keys' then
        moment := ops.at_hook('keys', program, last, moment);
    else
        execute ops.keys_from(program.texts ->> 'scope') using moment;
        get diagnostics moment.keys = row_count;
    end if;
    if moment.window_from is not null then
        moment := ops.widen_to_window(program, moment);
    end if;
    if moment.keys > 0 then
        perform ops.check_scope(program);
        set local default_statistics_target = 10;
        analyze pg_temp.affected_keys;
        if program.texts ->> 'span' is not null then
            execute program.texts ->> 'span' into moment.spans_from, moment.spans_to;
        end if;
    end if;
    return moment;
end
$$;

comment on function ops.find_keys(ops.programs, ops.watermarks, ops.moment) is
'Fills pg_temp.affected_keys with the keys that rows unseen by the last refresh touch.';
