-- The app_metrics area: the index that its builds read raw points by, what a series and a bucket of a
-- sketch are, and the function that answers percentiles from sketches.

-- The points of some names in some periods: a late point touches an hour, a day, a week and a month.
create index metric_points_name_recorded_at on raw.metric_points (name, recorded_at);

create function ops.series_tags(tags jsonb) returns jsonb
language sql immutable parallel safe
as $$
    select case
        when octet_length(tags::text) > 1000 then jsonb_build_object('tags_md5', md5(tags::text))
        else coalesce(nullif(tags, 'null'), '{}')
    end
$$;
comment on function ops.series_tags(jsonb) is
'Tags as part of a grain: none are {}; more than 1,000 bytes, which no key of a table would hold, are '
'their checksum.';

-- Sketches ------------------------------------------------------------------------------------

create function ops.sketch_bucket(value double precision) returns integer
language sql immutable parallel safe
as $$
    select ceil(ln(abs(value)) / ln(1.02::double precision))::integer
$$;
comment on function ops.sketch_bucket(double precision) is
'The bucket of a magnitude: i holds those in (1.02^(i-1), 1.02^i]. Its middle, 2 * 1.02^i / 2.02, is within '
'0.991 % of all of them. For magnitudes from 1e-300, which is as good as 0.';

create function api.metric_percentile(
    name text,
    quantile double precision,
    start_at timestamptz,
    end_at timestamptz,
    tags jsonb default '{}'
) returns double precision
language plpgsql stable parallel safe set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    if metric_percentile.name is null then
        raise exception 'metric_percentile: the name of the metric is null'
            using errcode = 'null_value_not_allowed';
    end if;
    if metric_percentile.quantile is null or not metric_percentile.quantile between 0 and 1 then
        raise exception 'metric_percentile: the quantile % is no fraction from 0 to 1',
            coalesce(metric_percentile.quantile::text, 'null')
            using errcode = 'invalid_parameter_value', hint = 'The 99th percentile is 0.99.';
    end if;
    if metric_percentile.start_at is null or metric_percentile.end_at is null
        or metric_percentile.start_at >= metric_percentile.end_at then
        raise exception 'metric_percentile: from % to % is no range of time',
            coalesce(metric_percentile.start_at::text, 'null'),
            coalesce(metric_percentile.end_at::text, 'null')
            using errcode = 'invalid_parameter_value',
            hint = 'The range is half-open: start_at comes before end_at.';
    end if;
    if coalesce(jsonb_typeof(metric_percentile.tags), 'object') <> 'object' then
        raise exception 'metric_percentile: the tags % are no JSON object', metric_percentile.tags
            using errcode = 'invalid_parameter_value',
            hint = 'Name the tags that a series must have, as {"region": "eu"}; {} takes all series.';
    end if;

    return (
        with

        sketches as (
            select *
            from marts.metric_sketches_hourly as s
            where
                s.name = metric_percentile.name
                -- Hours that the range touches, whole.
                and s.period_start > metric_percentile.start_at - interval '1 hour'
                and s.period_start < metric_percentile.end_at
                and s.tags @> coalesce(metric_percentile.tags, '{}')
        ),

        totals as (
            select
                sum(s.count)::double precision as points,
                min(s.min) as smallest,
                max(s.max) as largest
            from sketches as s
        ),

        -- From the smallest value to the largest: negative ones by falling magnitude, zeros, others.
        buckets as (
            select
                -2.0 * power(1.02::double precision, bucket.index) / 2.02 as middle,
                sum(bucket.count) as points
            from sketches as s
            cross join unnest(s.negative_buckets, s.negative_counts) as bucket (index, count)
            group by bucket.index
            union all
            select
                0 as middle,
                sum(s.zero_count) as points
            from sketches as s
            where s.zero_count > 0
            having count(*) > 0
            union all
            select
                2.0 * power(1.02::double precision, bucket.index) / 2.02 as middle,
                sum(bucket.count) as points
            from sketches as s
            cross join unnest(s.positive_buckets, s.positive_counts) as bucket (index, count)
            group by bucket.index
        ),

        ranked as (
            select
                b.middle,
                sum(b.points) over (order by b.middle)::double precision as cumulated
            from buckets as b
        )

        -- No value lies beyond the smallest and the largest, which are known exactly.
        select greatest(t.smallest, least(t.largest, min(r.middle)))
        from ranked as r
        cross join totals as t
        where r.cumulated >= metric_percentile.quantile * t.points
        group by t.smallest, t.largest
    );
end
$$;
comment on function api.metric_percentile(text, double precision, timestamptz, timestamptz, jsonb) is
'The quantile (0.99 = p99) of a metric over the hours that start_at to end_at touches, of all series that '
'have the tags: the smallest value whose rank is at least quantile * n, within 1 % of it. Null where there '
'is no point. From sketches, so that it also answers when the points are long gone.';

revoke execute on function api.metric_percentile(text, double precision, timestamptz, timestamptz, jsonb)
from public;
grant execute on function api.metric_percentile(text, double precision, timestamptz, timestamptz, jsonb)
to tidemark_reader;

-- Alerts --------------------------------------------------------------------------------------

create function ops.accept_unless(problems text) returns boolean
language plpgsql
as $$
begin
    if problems is not null then
        raise exception '%', problems;
    end if;
    return true;
end
$$;
comment on function ops.accept_unless(text) is
'True where there is no problem; else the build of the model ends with the problems as its message.';

create function ops.anomaly_score(
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
