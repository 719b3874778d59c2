create or replace function ops.store_snapshot(snapshot jsonb) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    given ops.snapshots := jsonb_populate_record(null::ops.snapshots, snapshot);
begin
    insert into ops.snapshots select given.*
    on conflict (relation) do update set
        unique_id = excluded.unique_id, reads = excluded.reads, text = excluded.text, seen = excluded.seen;
end
$$;

comment on function ops.store_snapshot(jsonb) is
'After dbt has taken a snapshot: the query by which the database takes it from now on, and what it has seen.';
