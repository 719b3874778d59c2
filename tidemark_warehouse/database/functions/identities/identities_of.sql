create or replace function ops.identities_of(ids text[]) returns table (distinct_id text, user_id text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
    with recursive links as (
        select
            i.id,
            ops.next_identity(i.id) as next_id
        from unnest(ids) as i (id)
        union
        select
            l.next_id,
            ops.next_identity(l.next_id)
        from links as l
        where l.next_id is not null
    ),

    onward as (
        select
            array_agg(l.id) as ids,
            array_agg(l.next_id) as next_ids
        from links as l
        where l.next_id is not null
    )

    select
        e.id,
        e.end_id
    from onward as l
    cross join lateral ops.chain_ends(l.ids, l.next_ids) as e
$$;

comment on function ops.identities_of(text[]) is
'Who these distinct ids, and those that they pass on the way, are, from raw as it is now; no row: the id itself.';
