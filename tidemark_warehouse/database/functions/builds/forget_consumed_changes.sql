create or replace function ops.forget_consumed_changes(kept interval) returns bigint
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
    gone bigint;
begin
    delete from ops.changes as c
    where
        (
            c.written_at < now() - kept
            or exists (select from ops.erasures as e where e.finished_at is null)
        )
        and not exists (
            select
            from ops.watermarks as w
            where c.relation = any(w.reads) and ops.is_unseen(c.xid, w.seen)
        );
    get diagnostics gone = row_count;
    update ops.erasures as e
    set finished_at = clock_timestamp()
    where
        e.finished_at is null
        and not exists (
            select from ops.watermarks as w where ops.is_unseen(e.xid, w.seen)
        )
        -- A model that has followed before one beneath it was built again.
        and not exists (
            select from ops.changes as c where c.xid >= e.xid and c.relation not like 'raw.%'
        );
    delete from ops.erased_unseen as u
    using ops.erasures as e
    where u.erasure_id = e.erasure_id and e.finished_at is not null;
    return gone;
end
$$;

comment on function ops.forget_consumed_changes(interval) is
'Removes versions that every reader has consumed and that are older than this; all of them while an erasure is not '
'finished, because they may name the person. Returns how many, and notes which erasures are finished with it.';
