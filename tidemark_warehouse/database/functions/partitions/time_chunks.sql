-- A build from nothing computes large models one piece of time after the other. Months are partitioned ahead of their
-- rows: of ten million events in 120 days, 125 of 247 statements had nothing to count and took 11 ms each, so empty
-- partitions are left out.
create or replace function ops.time_chunks(relations text[], unit text, zone text)
returns table (from_at timestamptz, to_at timestamptz)
language plpgsql stable set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
declare
    parent regclass;
    month_partition regclass;
    month_start timestamptz;
    months timestamptz[] := '{}';
    crowded timestamptz[];
    has_rows boolean;
    -- What lies outside is one chunk before and one after all others: mistakes, in years of their own.
    usual_from constant timestamptz := date_trunc(unit, timestamp '1900-01-01') at time zone zone;
    usual_to constant timestamptz := date_trunc(unit, timestamp '2200-01-01') at time zone zone;
    has_earlier boolean := false;
    has_later boolean := false;
    earlier_here boolean;
    later_here boolean;
begin
    for parent in
        select p.partrelid::regclass
        from pg_partitioned_table as p
        inner join pg_class as c on p.partrelid = c.oid
        where c.relnamespace::regnamespace::text || '.' || c.relname = any(relations)
    loop
        for month_partition, month_start in
            select
                c.oid,
                (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''([^'']+)''\)'))[1]::timestamptz
            from pg_inherits as i
            inner join pg_class as c on i.inhrelid = c.oid
            where i.inhparent = parent and pg_get_expr(c.relpartbound, c.oid) <> 'DEFAULT'
        loop
            execute format('select exists (select from %s)', month_partition) into has_rows;
            if has_rows then
                months := months || month_start;
                has_earlier := has_earlier or month_start < usual_from;
                has_later := has_later or month_start > usual_to - interval '32 days';
            end if;
        end loop;
        execute format(
            'select array_agg(distinct date_trunc(''month'', %1$I)) filter (where %1$I >= %3$L and %1$I < %4$L),'
            ' coalesce(bool_or(%1$I < %3$L), false), coalesce(bool_or(%1$I >= %4$L), false)'
            ' from %2$s where isfinite(%1$I)',
            ops.partition_column(parent), parent::text || '_default', usual_from, usual_to
        ) into crowded, earlier_here, later_here;
        months := months || coalesce(crowded, '{}');
        has_earlier := has_earlier or earlier_here;
        has_later := has_later or later_here;
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
        where m.month_start > usual_from - interval '32 days' and m.month_start < usual_to + interval '1 day'
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

    select '-infinity'::timestamptz, usual_from where has_earlier
    union all
    select
        b.first_at,
        coalesce(n.first_at, b.next_date::timestamp at time zone zone)
    from bounds as b
    left join bounds as n on b.next_date = n.first_date
    where b.first_at >= usual_from and b.first_at < usual_to
    union all
    select usual_to, 'infinity'::timestamptz where has_later
    order by 1;
end
$$;

comment on function ops.time_chunks(text[], text, text) is
'Half-open pieces of time, each a day, week or month of a zone, that together hold every finite time of '
'the partitioned tables among the named ones (schema.table), with no bucket of that unit in two of them.';
