create or replace function ops.id_patterns(ids text[]) returns text[]
language sql immutable set search_path = pg_catalog, pg_temp
as $$
    select array_agg('%' || regexp_replace(to_jsonb(i.id)::text, '([\\%_])', '\\\1', 'g') || '%')
    from unnest(ids) as i (id)
$$;

comment on function ops.id_patterns(text[]) is 'LIKE patterns of the texts of JSON in which an id is a string.';
