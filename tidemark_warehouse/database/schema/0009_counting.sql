-- What counts of events need: an index to look up who was counted before, and where raw time lies.

-- Whether a user did this in a stretch of time, for counts that grow by adding: 7 microseconds a look-up in
-- a month of 500,000 events, where (distinct_id, event_at) read 27 through the user's other events. It takes the place
-- of (event_name, event_at), by which single names of a bucket were read.
drop index raw.events_event_name_event_at;
create index events_event_name_distinct_id on raw.events (event_name, distinct_id, event_at);

-- A build from nothing computes large models a piece of time after the other.

create function ops.time_chunks(relations text[], unit text, zone text)
returns table (from_at timestamptz, to_at timestamptz)
language plpgsql stable set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
declare
    parent regclass;
    months timestamptz[] := '{}';
    crowded timestamptz[];
begin
    for parent in
        select p.partrelid::regclass
        from pg_partitioned_table as p
        inner join pg_class as c on p.partrelid = c.oid
        where c.relnamespace::regnamespace::text || '.' || c.relname = any(relations)
    loop
        months := months || array(
            select (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''([^'']+)''\)'))[1]::timestamptz
            from pg_inherits as i
            inner join pg_class as c on i.inhrelid = c.oid
            where i.inhparent = parent and pg_get_expr(c.relpartbound, c.oid) <> 'DEFAULT'
        );
        execute format(
            'select array_agg(distinct date_trunc(''month'', %1$I)) from %2$s where isfinite(%1$I)',
            ops.partition_column(parent), parent::text || '_default'
        ) into crowded;
        months := months || coalesce(crowded, '{}');
    end loop;

    return query
    with dates as (
        -- A date more on either side, for zones east and west of UTC.
        select distinct date_trunc(unit, d.day)::date as first_date
        from unnest(months) as m (month_start)
        cross join lateral generate_series(
            m.month_start at time zone 'UTC' - interval '1 day',
            m.month_start at time zone 'UTC' + interval '1 month',
            interval '1 day'
        ) as d (day)
    ),

    -- Where clocks go back over midnight a date begins before its midnight, the second of two.
    bounds as (
        select
            first_date,
            (
                select min(d.edge + s.step)
                from (values (0), (1), (2), (3)) as h (hours)
                cross join lateral (
                    select (dates.first_date::timestamp at time zone zone) - h.hours * interval '1 hour'
                ) as d (edge)
                cross join (values (interval '0'), (interval '30 minutes')) as s (step)
                where ((d.edge + s.step) at time zone zone)::date = dates.first_date
            ) as first_at,
            (date_trunc(unit, dates.first_date + ('1 ' || unit)::interval))::date as next_date
        from dates
    )

    select
        b.first_at,
        coalesce(n.first_at, b.next_date::timestamp at time zone zone)
    from bounds as b
    left join bounds as n on b.next_date = n.first_date
    order by b.first_at;
end
$$;
comment on function ops.time_chunks(text[], text, text) is
'Half-open pieces of time, each a day, week or month of a zone, that together hold every finite time of '
'the partitioned tables among the named ones (schema.table), with no bucket of that unit in two of them.';
