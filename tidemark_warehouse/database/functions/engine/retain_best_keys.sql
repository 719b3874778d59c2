create or replace function ops.retain_best_keys(program ops.programs, last ops.watermarks, moment ops.moment)
returns ops.moment
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    execute ops.keys_from(program.texts ->> 'bettered_scope') using moment;
    get diagnostics moment.keys = row_count;
    select coalesce(
        percentile_disc(0.1) within group (order by s.reads_from) filter (where s.reads_from > '-infinity'), 'infinity'
    )
    into moment.reads_from
    from pg_temp.affected_keys as s;
    return moment;
end
$$;

comment on function ops.retain_best_keys(ops.programs, ops.watermarks, ops.moment) is
'Retain best: the keys, and from when on each is read again.';
