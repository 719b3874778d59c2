create or replace function ops.day_begins(date date, time_zone text) returns timestamptz
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
