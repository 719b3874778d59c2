create or replace function ops.time_of(relation regclass) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select coalesce('r.' || quote_ident(ops.partition_column(relation)), 'coalesce(r.ended_at, r.started_at)')
$$;

comment on function ops.time_of(regclass) is
'An expression for the time of a raw table''s row r; of a session, when it ended.';
