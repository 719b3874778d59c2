create or replace function ops.behind(as_of timestamptz default now(), besides ops.reader[] default '{}')
returns table (relation text, because text)
language plpgsql stable set search_path = pg_catalog, pg_temp set jit = off set max_parallel_workers_per_gather = 0
as $$
declare
    readers constant ops.reader[] := array(
        select row(p.relation, p.reads, w.seen)::ops.reader
        from ops.programs as p
        inner join ops.watermarks as w on p.relation = w.relation
    );
begin
    return query
    with late as materialized (
        select b.* from ops.readers_behind(readers || besides) as b
    )

    select
        p.relation,
        case
            when w.seen is null then 'never refreshed'
            when s.because is not null then 'changes of ' || s.because
            else 'the clock'
        end
    from ops.programs as p
    left join ops.watermarks as w on p.relation = w.relation
    left join late as s on p.relation = s.name
    where
        w.seen is null
        or s.because is not null
        or case p.clock
            when 'date' then (w.as_of at time zone p.zone)::date <> (behind.as_of at time zone p.zone)::date
            when 'instant' then date_trunc('hour', w.as_of) <> date_trunc('hour', behind.as_of)
            else false
        end
    union all
    select
        l.name,
        'changes of ' || l.because
    from late as l
    inner join unnest(besides) as b on l.name = b.name
    order by 1;
end
$$;

comment on function ops.behind(timestamptz, ops.reader[]) is
'Every relation that has not seen changes of what it reads, or whose clock has moved: its date, or, where a model asks '
'for the instant, its hour; and those of other readers that have not seen changes, in the same look. Edited definitions '
'are not its concern.';
