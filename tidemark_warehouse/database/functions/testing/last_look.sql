create or replace function ops.last_look(test_begins text, relation text default null) returns pg_snapshot
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select coalesce(
        (
            select t.seen_before
            from ops.tests as t
            where starts_with(t.name, test_begins) and (last_look.relation is null or last_look.relation = any(t.nodes))
            -- One that was renamed may still be there.
            order by pg_snapshot_xmax(t.seen) desc nulls last
            limit 1
        ),
        '1:1:'
    )
$$;

comment on function ops.last_look(text, text) is
'For the query of a data test: what it had seen when it looked the last time; nothing, if it never did. test_begins: how '
'its name begins; relation: which table it is about, where there is one such test for each.';
