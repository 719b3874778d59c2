create or replace function ops.at_hook(
    point text, program ops.programs, last ops.watermarks, moment ops.moment
) returns ops.moment
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if program.hooks ? point then
        execute format('select (h).* from (select %s($1, $2, $3) as h offset 0) as called', program.hooks ->> point)
        into moment using program, last, moment;
    end if;
    return moment;
end
$$;

comment on function ops.at_hook(text, ops.programs, ops.watermarks, ops.moment) is
'What a program''s function for a point of the refresh makes of the moment: opened, keys, computed or written.';
