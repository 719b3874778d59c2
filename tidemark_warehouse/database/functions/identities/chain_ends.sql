create or replace function ops.chain_ends(ids text[], next_ids text[]) returns table (id text, end_id text)
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    -- Each round doubles the steps that every id has taken, so that long chains take few rounds. As long as
    -- one that ends is under way, some id of it arrives in each round: if none did, the others are in loops,
    -- which they have been through once they have taken as many steps as they are.
    with recursive walked as (
        select
            i.id,
            i.next_id,
            i.id collate "C" as smallest,
            1::bigint as steps,
            null::bigint as under_way_before
        from unnest(ids, next_ids) as i (id, next_id)
        union all
        (
            with here as materialized (select * from walked),

            under_way as materialized (
                select count(*) as ids
                from here as h
                inner join here as passed on h.next_id = passed.id
            )

            select
                h.id,
                coalesce(further.next_id, h.next_id),
                least(h.smallest, further.smallest),
                h.steps * 2,
                u.ids
            from here as h
            inner join under_way as u
                on u.ids > 0 and (u.ids is distinct from h.under_way_before or h.steps <= u.ids)
            left join here as further on h.next_id = further.id
        )
    ),

    arrived as materialized (
        select *
        from walked
        where walked.steps = (select max(w.steps) from walked as w)
    )

    select
        a.id,
        coalesce(looping.smallest, a.next_id)
    from arrived as a
    left join arrived as looping on a.next_id = looping.id
$$;

comment on function ops.chain_ends(text[], text[]) is
'Where the chain of each id ends, of ids and the ids that they lead to (one each): at an id that leads nowhere, or, '
'of a loop, at its smallest id.';
