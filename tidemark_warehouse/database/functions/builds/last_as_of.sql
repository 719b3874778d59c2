create or replace function ops.last_as_of(relation text) returns timestamptz
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select w.as_of from ops.watermarks as w where w.relation = last_as_of.relation
$$;

comment on function ops.last_as_of(text) is
'What stood for now when a relation was refreshed last: what lies between it and the present clock has come to pass '
'since. Null if it never was.';

revoke execute on function ops.last_as_of(text) from public;
