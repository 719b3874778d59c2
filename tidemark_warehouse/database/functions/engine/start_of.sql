create or replace function ops.start_of(program ops.programs, column_name text, date_expression text) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select case
        when a.atttypid = 'date'::regtype then date_expression
        else format('((%s)::timestamp at time zone %L)', date_expression, program.zone)
    end
    from pg_attribute as a
    where a.attrelid = program.relation::regclass and a.attname = column_name
$$;

comment on function ops.start_of(ops.programs, text, text) is
'An expression for where a date begins, in the terms of a column of dates or of instants.';
