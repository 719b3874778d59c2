-- The buckets of a range of time, in the reporting time zone.

create type ops.event_bucket as (
    bucket_start timestamptz,
    from_at timestamptz,
    to_at timestamptz,
    is_whole boolean,
    is_complete boolean
);
comment on type ops.event_bucket is
'A bucket of a series as far as it lies in the range asked for: its name in the marts, the part to be counted, '
'whether that is all of it, and whether no more events can come.';

create type ops.event_figure as (
    bucket_start timestamptz,
    breakdown_value text,
    event_count bigint,
    unique_users bigint
);
comment on type ops.event_figure is 'What was counted in a bucket. A count of 0 says that it was looked at.';

create function ops.day_begins(date date, time_zone text) returns timestamptz
language sql stable
as $$
    select case
        when ((d.midnight - interval '1 microsecond') at time zone day_begins.time_zone)::date < day_begins.date
            then d.midnight
        else (
            select min(e.earlier)
            from generate_series(
                d.midnight - interval '3 hours', d.midnight, interval '15 minutes'
            ) as e (earlier)
            where (e.earlier at time zone day_begins.time_zone)::date >= day_begins.date
        )
    end
    from (select day_begins.date::timestamp at time zone day_begins.time_zone) as d (midnight)
$$;
comment on function ops.day_begins(date, text) is
'The first instant of a date. Where clocks go back over midnight it comes before midnight, the second of two.';

create function ops.event_buckets(
    start_at timestamptz, end_at timestamptz, granularity text, time_zone text, now_at timestamptz
) returns ops.event_bucket[]
language plpgsql stable
as $$
#variable_conflict use_variable
declare
    unit interval;
begin
    if granularity = 'range' then
        return array[row(start_at, start_at, end_at, true, end_at <= now_at)::ops.event_bucket];
    end if;
    unit := ('1 ' || granularity)::interval;
    return (
        with buckets as (
            -- Half an hour's step also meets the hours of zones that shift by half an hour.
            select distinct
                b.bucket_start,
                b.bucket_start as begins_at,
                b.bucket_start + unit as ends_at
            from generate_series(
                date_trunc(granularity, start_at, time_zone), end_at, least(unit, interval '30 minutes')
            ) as s (moment)
            cross join lateral (select date_trunc(granularity, s.moment, time_zone)) as b (bucket_start)
            where granularity in ('minute', 'hour')
            union all
            select
                d.date::timestamp at time zone time_zone,
                ops.day_begins(d.date, time_zone),
                ops.day_begins((d.date + unit)::date, time_zone)
            from generate_series(
                date_trunc(granularity, start_at at time zone time_zone), end_at at time zone time_zone, unit
            ) as s (moment)
            cross join lateral (select s.moment::date) as d (date)
            where granularity in ('day', 'week', 'month')
        )

        select array_agg(
            row(
                b.bucket_start,
                greatest(b.begins_at, start_at),
                least(b.ends_at, end_at),
                w.is_whole,
                w.is_whole and b.ends_at <= now_at
            )::ops.event_bucket
            order by b.bucket_start
        )
        from buckets as b
        cross join lateral (select b.begins_at >= start_at and b.ends_at <= end_at) as w (is_whole)
        where b.begins_at < b.ends_at and b.begins_at < end_at and b.ends_at > start_at
    );
end
$$;
comment on function ops.event_buckets(timestamptz, timestamptz, text, text, timestamptz) is
'The buckets of a zone that a range of time touches; of granularity range, the range itself.';

revoke execute on all functions in schema ops from public;
