create or replace function ops.note_load(noted jsonb) returns bigint
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    insert into ops.loads (
        table_name, source, digest, options, mapping, written,
        rows_read, inserted, updated, rejected, first_at, last_at, cluster_id
    )
    select
        n.table_name, n.source, n.digest, n.options, n.mapping, n.written,
        n.rows_read, n.inserted, n.updated, n.rejected, n.first_at, n.last_at,
        (select system_identifier from pg_control_system())
    from jsonb_to_record(noted) as n (
        table_name text, source text, digest text, options jsonb, mapping jsonb, written jsonb,
        rows_read bigint, inserted bigint, updated bigint, rejected bigint,
        first_at timestamptz, last_at timestamptz
    )
    returning load_id
$$;

comment on function ops.note_load(jsonb) is
'Writes a row of ops.loads for the present transaction and returns its load_id. The argument has the columns of '
'that table as keys.';

revoke execute on function ops.note_load(jsonb) from public;
grant execute on function ops.note_load(jsonb) to tidemark_loader;
