create or replace function ops.begin_look(unique_id text, as_of timestamptz) returns void
language sql set search_path = pg_catalog, pg_temp
as $$
    update ops.tests as t
    set
        -- A look without an outcome was broken off: the next one is about its rows, too.
        seen_before = case when t.status is null then t.seen_before else t.seen end,
        seen = ops.current_snapshot(),
        as_of = begin_look.as_of,
        status = null
    where t.unique_id = begin_look.unique_id
$$;

comment on function ops.begin_look(text, timestamptz) is
'Before the query of a data test runs: what it is about to see. What commits in between is new to the next look.';
