create or replace function ops.renamed_json(content jsonb, ids text[], pseudonyms text[]) returns jsonb
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
    found text := content::text;
begin
    for i in 1 .. cardinality(ids) loop
        found := replace(found, to_jsonb(ids[i])::text, to_jsonb(pseudonyms[i])::text);
    end loop;
    return found::jsonb;
end
$$;

comment on function ops.renamed_json(jsonb, text[], text[]) is 'JSON with other strings in the place of some.';
