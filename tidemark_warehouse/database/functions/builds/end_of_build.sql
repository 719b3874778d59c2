create or replace function ops.end_of_build(changes_kept interval, refreshes_kept interval) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    -- One build at a time: two that delete the same rows in different orders wait for each other for ever.
    perform pg_advisory_xact_lock(hashtextextended('tidemark end of a build', 0));
    perform ops.forget_vanished_late_rows();
    delete from ops.refreshes as r where r.started_at < now() - refreshes_kept;
    perform ops.forget_consumed_changes(changes_kept);
end
$$;

comment on function ops.end_of_build(interval, interval) is
'After a build: old versions that every reader has consumed go, what is said of late rows that were deleted, and what old '
'refreshes came to.';
