create or replace function ops.fingerprint(program ops.programs) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    parts text[] := array[program.texts ->> 'whole', program.zone];
    name text;
    rows_of_seed text;
begin
    foreach name in array program.views loop
        parts := parts || pg_get_viewdef(name::regclass);
    end loop;
    foreach name in array program.seeds loop
        execute format(
            'select md5(string_agg(md5(s::text), '''' order by md5(s::text))) from %s as s', name::regclass
        ) into rows_of_seed;
        parts := parts || rows_of_seed;
    end loop;
    parts := parts || array(
        select md5(pg_get_functiondef(to_regprocedure(f.name)))
        from unnest(program.functions) as f (name)
        order by f.name
    );
    return md5(array_to_string(parts, ' ', ''));
end
$$;

comment on function ops.fingerprint(ops.programs) is
'What decides a relation''s rows beside those that it reads: its text, the views that it looks through, the rows of '
'seeds, and the functions that it calls. Neither the clock nor the database''s name.';
