create or replace function ops.widen_to_window(program ops.programs, moment ops.moment) returns ops.moment
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    listed text := ops.scope_columns('');
    bound text := ops.window_column(program, moment);
    within text;
begin
    -- A column of dates is compared with dates, one of instants with where these begin.
    within := format(
        '%%1$s.%1$I >= %2$s and %%1$s.%1$I < %3$s',
        bound,
        ops.start_of(program, bound, '($1).window_from'),
        ops.start_of(program, bound, '($1).window_to')
    );
    execute format(
        'insert into pg_temp.affected_keys (%1$s) (select %2$s from (%3$s) as s where s is not null and %4$s '
        'union select %5$s from %6$s as t where %7$s) except select %2$s from pg_temp.affected_keys as s',
        listed, ops.scope_columns('s.'), program.texts ->> 'scope_of_all', format(within, 's'),
        ops.scope_columns('t.'), program.relation::regclass, format(within, 't')
    ) using moment;
    select count(*) into moment.keys from pg_temp.affected_keys;
    return moment;
end
$$;

comment on function ops.widen_to_window(ops.programs, ops.moment) is
'Adds the keys of a window of dates to pg_temp.affected_keys: those that the relation has and those that its sources '
'give. Nothing comes of it unless somebody has edited the mart by hand.';
