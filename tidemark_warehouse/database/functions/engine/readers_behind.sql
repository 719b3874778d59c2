create or replace function ops.readers_behind(readers ops.reader[])
returns table (name text, because text)
language plpgsql stable set search_path = pg_catalog, pg_temp set jit = off set max_parallel_workers_per_gather = 0
as $$
declare
    source record;
    names text[] := '{}';
    latest bigint[] := '{}';
    late_names text[] := '{}';
    late bigint[] := '{}';
    found_latest bigint;
    found_late bigint[];
begin
    -- Of each source the latest transaction that some reader may not have seen, and those that were open then.
    for source in
        select
            s.name,
            exists (
                select 1
                from pg_attribute as a
                where a.attrelid = to_regclass(s.name) and a.attname = '_xid' and not a.attisdropped
            ) as is_raw,
            min(pg_snapshot_xmax(r.seen)::text::bigint) as floor,
            array_agg(distinct x.xid) filter (where x.xid is not null) as unfinished
        from unnest(readers) as r
        cross join unnest(r.reads) as s (name)
        left join lateral (select pg_snapshot_xip(r.seen)::text::bigint as xid) as x on true
        where r.seen is not null
        group by s.name
    loop
        select max(c.xid) into found_latest from ops.changes as c where c.relation = source.name and c.xid >= source.floor;
        select array_agg(distinct c.xid) into found_late
        from ops.changes as c
        where c.relation = source.name and c.xid = any(source.unfinished);
        names := names || source.name;
        latest := latest || found_latest;
        late_names := late_names || array_fill(source.name, array[coalesce(cardinality(found_late), 0)]);
        late := late || found_late;
        if source.is_raw then
            execute format('select max(r._xid) from %s as r where r._xid >= $1', source.name::regclass)
            into found_latest using source.floor;
            names := names || source.name;
            latest := latest || found_latest;
            if source.unfinished is not null then
                execute format(
                    'select array_agg(distinct r._xid) from %s as r where r._xid = any($1)', source.name::regclass
                ) into found_late using source.unfinished;
                late_names := late_names || array_fill(source.name, array[coalesce(cardinality(found_late), 0)]);
                late := late || found_late;
            end if;
        end if;
    end loop;

    return query
    select
        r.name,
        s.name
    from unnest(readers) as r
    cross join lateral (
        select min(o.name) as name
        from unnest(r.reads) as o (name)
        where
            exists (
                select 1
                from unnest(names, latest) as u (name, xid)
                where u.name = o.name and u.xid >= pg_snapshot_xmax(r.seen)::text::bigint
            )
            or exists (
                select 1
                from unnest(late_names, late) as u (name, xid)
                where u.name = o.name and u.xid = any(array(select pg_snapshot_xip(r.seen)::text::bigint))
            )
    ) as s
    where s.name is not null;
end
$$;

comment on function ops.readers_behind(ops.reader[]) is
'Those of these readers that have not seen changes of what they read, each with one such relation. A reader that has '
'seen nothing yet is not among them: whoever asks knows it.';
