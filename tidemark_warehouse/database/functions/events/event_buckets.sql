create or replace function ops.event_buckets(
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
