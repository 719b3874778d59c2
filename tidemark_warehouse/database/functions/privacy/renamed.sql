create or replace function ops.renamed(value text, ids text[], pseudonyms text[]) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select coalesce(pseudonyms[array_position(ids, value)], value)
$$;

comment on function ops.renamed(text, text[], text[]) is 'A value, or the pseudonym in the place of an id.';
