create or replace function ops.keys_from(query text) returns text
language sql immutable set search_path = pg_catalog, pg_temp
as $$
    select format(
        'create temporary table affected_keys on commit drop as select distinct s.* from (%s) as s where s is not null',
        query
    )
$$;

comment on function ops.keys_from(text) is
'The statement that makes pg_temp.affected_keys of a query. A key with a null belongs to no row.';
