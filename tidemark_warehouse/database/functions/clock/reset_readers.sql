create or replace function ops.reset_readers(relations text[]) returns void
language sql set search_path = pg_catalog, pg_temp
as $$
    insert into ops.changes (relation, kind) select r.name, 'reset' from unnest(relations) as r (name)
$$;

comment on function ops.reset_readers(text[]) is
'What reads one of these relations is computed whole at the next build, once.';
