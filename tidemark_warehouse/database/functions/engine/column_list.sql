create or replace function ops.column_list(names text[], alias text) returns text
language sql immutable set search_path = pg_catalog, pg_temp
as $$
    select string_agg(alias || quote_ident(n.name), ', ' order by n.place)
    from unnest(names) with ordinality as n (name, place)
$$;

comment on function ops.column_list(text[], text) is
'Columns with commas between, each behind an alias like `t.`.';
