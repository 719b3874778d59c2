create or replace function ops.remove_partition(
    parent regclass, partition regclass, period_from timestamptz, period_to timestamptz,
    archived_rows bigint, archived_in pg_snapshot, file text, digest text,
    still_days integer, hold_days integer
) returns text[]
language plpgsql set search_path = pg_catalog, pg_temp set lock_timeout = '10s'
as $$
declare
    relation text := parent::text;
    found_objections text[];
    is_changed boolean;
    period_id bigint;
begin
    -- Builds hold the parent while they read, so none is under way behind this line, and none will have
    -- read half of a removal.
    execute format('lock table %s in access exclusive mode', parent);
    found_objections := ops.retention_objections(relation, period_from, period_to, still_days, hold_days);
    if archived_in is not null then
        execute format(
            'select (select count(*) from %1$s) <> $1 or exists '
            '(select from %1$s where ops.is_unseen(_xid, $2))', partition
        ) into is_changed using archived_rows, archived_in;
        if is_changed then
            found_objections := found_objections || 'its rows changed while they were archived: run it again'::text;
        end if;
    end if;
    if found_objections <> '{}' then
        return found_objections;
    end if;
    period_id := ops.seal_period(relation, period_from, period_to, archived_rows, file, digest);
    if relation = 'raw.events' then
        perform ops.keep_funnel_attempts(period_id, period_from, period_to);
        perform ops.keep_identifications(period_id, partition, period_from, period_to);
    end if;
    execute format('alter table %s detach partition %s', parent, partition);
    execute format('drop table %s', partition);
    perform ops.note_versions(parent);
    return '{}';
end
$$;

comment on function ops.remove_partition(
    regclass, regclass, timestamptz, timestamptz, bigint, pg_snapshot, text, text, integer, integer
) is
'Detaches and drops a partition and records its time as sealed, in one transaction, if nothing stands '
'against it and it holds just the rows that were archived; else returns why not and changes nothing.';
