create or replace function ops.retain_best_computed(program ops.programs, last ops.watermarks, moment ops.moment)
returns ops.moment
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if moment.mode <> 'whole' then
        execute program.texts ->> 'keep';
    end if;
    return moment;
end
$$;

comment on function ops.retain_best_computed(ops.programs, ops.watermarks, ops.moment) is
'Retain best: a row that stands and is better than what was read stays.';
