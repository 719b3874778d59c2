create or replace function ops.seal_period(
    sealed_relation text, period_from timestamptz, period_to timestamptz, rows_gone bigint,
    file text, digest text
) returns bigint
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    new_period_id bigint;
begin
    -- What was restored and is sealed again has one record: the new one.
    with superseded as (
        delete from ops.sealed_periods as p
        where p.relation = sealed_relation and p.from_at = period_from and p.reopened_at is not null
        returning p.archive_file
    )

    insert into ops.stale_archives (archive_file)
    select s.archive_file from superseded as s where s.archive_file is not null;
    delete from ops.stale_archives as a where a.archive_file = file;
    insert into ops.sealed_periods (relation, from_at, to_at, row_count, archive_file, manifest_digest)
    values (sealed_relation, period_from, period_to, rows_gone, file, digest)
    returning period_id into new_period_id;
    return new_period_id;
end
$$;

comment on function ops.seal_period(text, timestamptz, timestamptz, bigint, text, text) is
'Records a sealed period and returns its id. To be called in the transaction that removes its rows.';
