create or replace function ops.refuse_truncate() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception 'TRUNCATE of % is refused: the marts could not tell which rows went', tg_argv[0]
        using hint = 'DELETE the rows instead (a delete is a correction that the next build follows); '
            || '"tidemark retention" removes expired rows, "tidemark reset" empties a database.';
end
$$;

comment on function ops.refuse_truncate() is
'Statement trigger before TRUNCATE: refuses it, because no trigger could log which rows went.';
