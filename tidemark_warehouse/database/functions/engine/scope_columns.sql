create or replace function ops.scope_columns(alias text) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select string_agg(alias || quote_ident(a.attname), ', ' order by a.attnum)
    from pg_attribute as a
    where
        a.attrelid = to_regclass('pg_temp.affected_keys')
        and a.attnum > 0
        and not a.attisdropped
        -- From when on a key is read (retain best) is no column of the model.
        and a.attname <> 'reads_from'
$$;

comment on function ops.scope_columns(text) is
'The key columns of pg_temp.affected_keys with commas between, each behind an alias like `t.`.';
