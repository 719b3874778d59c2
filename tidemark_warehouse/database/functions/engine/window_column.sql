create or replace function ops.window_column(program ops.programs, moment ops.moment) returns text
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    found_column text;
begin
    if program.texts ->> 'scope' is null then
        return null;
    end if;
    execute format(
        'create temporary table scope_columns on commit drop as select s.* from (%s) as s limit 0',
        program.texts ->> 'scope_of_all'
    ) using moment;
    select a.attname into found_column
    from pg_attribute as a
    where
        a.attrelid = 'pg_temp.scope_columns'::regclass
        and a.attnum > 0
        and a.attname::text = any(program.times)
    order by a.attnum
    limit 1;
    drop table pg_temp.scope_columns;
    return found_column;
end
$$;

comment on function ops.window_column(ops.programs, ops.moment) is
'The column of the scope that a window of dates bounds; null where a scope has no time: then all keys are computed.';
