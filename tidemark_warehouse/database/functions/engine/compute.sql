create or replace function ops.compute(program ops.programs, moment ops.moment) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    batch record;
    is_first boolean := true;
begin
    for batch in
        select b.batch_from, b.batch_to
        from ops.batches(program) as b
        where moment.mode = 'whole'
        union all
        select null, null
        where moment.mode <> 'whole'
    loop
        moment.batch_from := batch.batch_from;
        moment.batch_to := batch.batch_to;
        execute case
            when is_first then 'create temporary table result on commit drop as '
            else 'insert into pg_temp.result '
        end || (program.texts ->> moment.mode) using moment;
        is_first := false;
    end loop;
    -- Rows that are twice in the result, both equal to one that is there, would go unnoticed: hence its key.
    execute format(
        'create unique index %I on pg_temp.result (%s) nulls not distinct',
        left(split_part(program.relation, '.', 2), 55) || '_grain', ops.column_list(program.key, '')
    );
    set local default_statistics_target = 10;
    analyze pg_temp.result;
end
$$;

comment on function ops.compute(ops.programs, ops.moment) is
'Fills pg_temp.result with what the program gives for the affected keys, or batch by batch for all of them.';
