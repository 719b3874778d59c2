create or replace function api.metric_percentile(
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
'One number: the quantile of a metric, in its unit, over the hours that start_at (included) to end_at (not) touches. '
'name: the metric; quantile: a fraction from 0 to 1 (0.99 = p99); tags: those that a series must have, {} for all '
'series. It is the smallest value whose rank is at least quantile * n, within 1 % of it; null where there is no '
'point. From sketches, so that it also answers when the points are long gone. Refuses a null name, another quantile, '
'a range without an instant, and tags that are no JSON object.';

grant execute on function api.metric_percentile(text, double precision, timestamptz, timestamptz, jsonb) to tidemark_reader;
