create or replace function ops.in_affected_keys() returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select format(
        '(%s) in (select %s from pg_temp.affected_keys as s)', ops.scope_columns('t.'), ops.scope_columns('s.')
    )
$$;

comment on function ops.in_affected_keys() is
'The condition that a standing row t is in scope.';
