create or replace function ops.note_failure(relation text, kind text, began timestamptz, message text) returns numeric
language sql set search_path = pg_catalog, pg_temp
as $$
    insert into ops.refreshes as r (relation, kind, started_at, seconds, message)
    select
        note_failure.relation, note_failure.kind, note_failure.began,
        round(extract(epoch from clock_timestamp() - note_failure.began), 3), note_failure.message
    returning r.seconds
$$;

comment on function ops.note_failure(text, text, timestamptz, text) is
'Leaves a row of a refresh or test that failed, in a transaction of its own, since its own was rolled back. Returns how '
'many seconds it took.';
