create or replace function ops.note_late_rows(
    sealing_model text, marts text[], relation text, seen pg_snapshot, spans tstzmultirange
) returns bigint
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    noted bigint;
begin
    execute format(
        'insert into ops.noted_late_rows (table_name, row_time, key, mart, model) '
        'select %1$L, %2$s, %3$s, m.mart, $1 from %4$s as r cross join unnest($2) as m (mart) '
        'where ops.is_unseen(r._xid, $3) and %5$s '
        -- What an erasure has rewritten was counted before.
        'and not exists (select from ops.erasures as e where e.finished_at is null and e.xid = r._xid '
        'and not exists (select from ops.erased_unseen as u where u.erasure_id = e.erasure_id '
        'and u.table_name = %1$L and u.key = %3$s and u.row_time = %2$s)) '
        'on conflict do nothing',
        split_part(relation, '.', 2), ops.time_of(relation::regclass), ops.key_of(relation::regclass), relation,
        case
            when spans is null
                then 'exists (select from ops.sealed_workflows as k where k.instance_id = r.instance_id)'
            -- The bounds on their own, for the planner to leave out partitions.
            else format(
                '%1$s >= %2$L and %1$s < %3$L and %1$s <@ %4$L::tstzmultirange',
                ops.time_of(relation::regclass), lower(spans), upper(spans), spans
            )
        end
    ) using sealing_model, marts, seen;
    get diagnostics noted = row_count;
    return noted;
end
$$;

comment on function ops.note_late_rows(text, text[], text, pg_snapshot, tstzmultirange) is
'Lists the rows of a raw table that a snapshot had not seen and that belong to sealed buckets of a model: '
'those in the spans of time, or, without spans, those of sealed workflows.';
