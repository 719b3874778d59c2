create or replace function ops.behind(as_of timestamptz default now())
returns table (relation text, because text)
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
            r.name,
            r.name like 'raw.%' as is_raw,
            min(pg_snapshot_xmax(w.seen)::text::bigint) as floor,
            array_agg(distinct x.xid) filter (where x.xid is not null) as unfinished
        from ops.programs as p
        inner join ops.watermarks as w on p.relation = w.relation
        cross join unnest(p.reads) as r (name)
        left join lateral (select pg_snapshot_xip(w.seen)::text::bigint as xid) as x on true
        group by r.name
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
        p.relation,
        case
            when w.seen is null then 'never refreshed'
            when s.name is not null then 'changes of ' || s.name
            else 'the clock'
        end
    from ops.programs as p
    left join ops.watermarks as w on p.relation = w.relation
    left join lateral (
        select min(r.name) as name
        from unnest(p.reads) as r (name)
        where
            exists (
                select 1
                from unnest(names, latest) as u (name, xid)
                where u.name = r.name and u.xid >= pg_snapshot_xmax(w.seen)::text::bigint
            )
            or exists (
                select 1
                from unnest(late_names, late) as u (name, xid)
                where
                    u.name = r.name
                    and u.xid = any(array(select pg_snapshot_xip(w.seen)::text::bigint))
            )
    ) as s on true
    where
        w.seen is null
        or s.name is not null
        or case p.clock
            when 'date' then (w.as_of at time zone p.zone)::date <> (behind.as_of at time zone p.zone)::date
            when 'instant' then date_trunc('hour', w.as_of) <> date_trunc('hour', behind.as_of)
            else false
        end
    order by p.relation;
end
$$;

comment on function ops.behind(timestamptz) is
'Every relation that has not seen changes of what it reads, or whose clock has moved: its date, or, where a model asks '
'for the instant, its hour. Edited definitions are not its concern.';
