create or replace function api.rejected_rows()
returns table (
    table_name text,
    source text,
    row_count bigint,
    first_rejected_at timestamptz,
    last_rejected_at timestamptz
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select
        r.table_name,
        regexp_replace(r.source, '^.*[/\\]', '') as source,
        count(*) as row_count,
        min(r.rejected_at) as first_rejected_at,
        max(r.rejected_at) as last_rejected_at
    from raw.rejected_rows as r
    group by 1, 2
    order by last_rejected_at desc, table_name, source
$$;

comment on function api.rejected_rows() is
'What could not be loaded: one row a table of raw and file, the latest first. source: the file''s name without its '
'folder; row_count: rows that wait to be mended. Reasons and contents may name people: tidemark rejects shows them to '
'the owner.';

grant execute on function api.rejected_rows() to tidemark_reader;
