create or replace function ops.anomaly_score(
    value double precision, period_start date, dates date[], history double precision[]
) returns double precision
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    with

    periods as (
        select
            extract(isodow from p.date) as weekday,
            p.value
        from unnest(dates, history) as p (date, value)
    ),

    overall as (
        select
            count(*) as periods,
            min(p.value) as smallest,
            max(p.value) as largest,
            percentile_cont(0.5) within group (order by p.value) as median
        from periods as p
    ),

    weekdays as (
        select
            p.weekday,
            percentile_cont(0.5) within group (order by p.value) as median
        from periods as p
        group by p.weekday
        having count(*) >= 4
    ),

    spread as (
        select
            percentile_cont(0.5) within group (
                order by abs(p.value - coalesce(w.median, o.median))
            ) * 1.4826 as width
        from periods as p
        cross join overall as o
        left join weekdays as w on p.weekday = w.weekday
    ),

    expected as (
        select
            o.*,
            coalesce(w.median, o.median) as centre,
            w.median is null as is_of_unknown_weekday,
            greatest(s.width, 0.05 * abs(coalesce(w.median, o.median))) as width
        from overall as o
        cross join spread as s
        left join weekdays as w on w.weekday = extract(isodow from anomaly_score.period_start)
    )

    select
        case
            when e.periods < 7 then null
            when e.is_of_unknown_weekday and anomaly_score.value between e.smallest and e.largest then 0
            when anomaly_score.value = e.centre then 0
            when e.width = 0 then 'infinity'
            else abs(anomaly_score.value - e.centre) / e.width
        end
    from expected as e
$$;

comment on function ops.anomaly_score(double precision, date, date[], double precision[]) is
'How many robust deviations a value lies from what the periods before it lead one to expect: the median of '
'its weekday where that has four of them, else the median of all; the deviation is that of all periods '
'from theirs, at least 5 % of the expected value. Null with fewer than seven periods. A weekday that is not '
'known yet deviates only outside of all values seen.';
