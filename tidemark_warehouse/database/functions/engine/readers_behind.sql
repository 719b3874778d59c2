create or replace function ops.readers_behind(readers ops.reader[])
returns table (name text, because text)
language plpgsql stable set search_path = pg_catalog, pg_temp set jit = off set max_parallel_workers_per_gather = 0
as $$
declare
    source record;
    names text[] := '{}';
    latest bigint[] := '{}';
    found bigint[];
begin
    -- Rows of these carry their transaction. Of each the latest one that some reader may not have seen, and those that
    -- were open when one looked and have written since. One by one, so that the planner knows from where on it is asked.
    for source in
        select
            s.name,
            min(pg_snapshot_xmax(r.seen)::text::bigint) as floor,
            array_agg(distinct x.xid) filter (where x.xid is not null) as unfinished
        from unnest(readers) as r
        cross join unnest(r.reads) as s (name)
        left join lateral (select pg_snapshot_xip(r.seen)::text::bigint as xid) as x on true
        where
            r.seen is not null
            and exists (
                select 1
                from pg_attribute as a
                where a.attrelid = to_regclass(s.name) and a.attname = '_xid' and not a.attisdropped
            )
        group by s.name
    loop
        -- The filter keeps the planner from planning each partition twice, as it does for a bare max().
        execute format(
            'select array[max(r._xid) filter (where r._xid >= $1)]'
            ' || array_agg(distinct r._xid) filter (where r._xid = any($2))'
            ' from %s as r where r._xid >= $1 or r._xid = any($2)',
            source.name::regclass
        ) into found using source.floor, source.unfinished;
        latest := latest || found;
        names := names || array_fill(source.name, array[cardinality(found)]);
    end loop;

    return query
    with readings as materialized (
        select r.name, s.name as source, r.seen, pg_snapshot_xmax(r.seen)::text::bigint as seen_to
        from unnest(readers) as r
        cross join unnest(r.reads) as s (name)
        where r.seen is not null
    ),
    written as materialized (
        select u.name as source, u.xid from unnest(names, latest) as u (name, xid) where u.xid is not null
        union all
        select f.source, c.xid
        from (select r.source, min(r.seen_to) as floor from readings as r group by r.source) as f
        cross join lateral (
            select max(c.xid) as xid from ops.changes as c where c.relation = f.source and c.xid >= f.floor
        ) as c
        where c.xid is not null
        union all
        select distinct c.relation, c.xid
        from (
            select distinct r.source, x.xid
            from readings as r
            cross join lateral (select pg_snapshot_xip(r.seen)::text::bigint as xid) as x
        ) as u
        inner join ops.changes as c on u.source = c.relation and u.xid = c.xid
    )
    select r.name, min(r.source)
    from readings as r
    inner join written as w on r.source = w.source and ops.is_unseen(w.xid, r.seen)
    group by r.name;
end
$$;

comment on function ops.readers_behind(ops.reader[]) is
'Those of these readers that have not seen changes of what they read, each with one such relation. A reader that has '
'seen nothing yet is not among them: whoever asks knows it.';
