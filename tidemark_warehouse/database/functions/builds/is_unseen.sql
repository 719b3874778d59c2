-- Inlined into queries, so that an index on the transaction id is used: it has no settings of its own. Most rows are later
-- than all that a snapshot had seen, which is asked first: asking the snapshot is a third of finding them.
create or replace function ops.is_unseen(xid bigint, seen pg_snapshot) returns boolean
language sql immutable parallel safe
as $$
    select
        xid >= pg_snapshot_xmin(seen)::text::bigint
        and (xid >= pg_snapshot_xmax(seen)::text::bigint or not pg_visible_in_snapshot(xid::text::xid8, seen))
$$;

comment on function ops.is_unseen(bigint, pg_snapshot) is
'Whether a snapshot had not seen what a transaction wrote: such rows are new to who has read what the snapshot shows.';
