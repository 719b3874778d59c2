create or replace function ops.reduced_json(content jsonb, keys text[]) returns jsonb
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select case
        when content is null then null
        when jsonb_typeof(content) <> 'object' then '{}'
        else (
            select coalesce(jsonb_object_agg(e.key, e.value), '{}')
            from jsonb_each(content) as e
            where e.key = any(keys)
        )
    end
$$;

comment on function ops.reduced_json(jsonb, text[]) is 'JSON with only some of its keys.';
