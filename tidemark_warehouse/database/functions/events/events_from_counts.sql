create or replace function ops.events_from_counts(
    buckets ops.event_bucket[], granularity text, names text[], environment text
) returns setof ops.event_figure
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    mart constant text := 'event_counts_' || case granularity
        when 'minute' then 'minute' when 'hour' then 'hourly' when 'day' then 'daily'
        when 'week' then 'weekly' when 'month' then 'monthly'
    end;
begin
    perform ops.check_built('marts.' || mart, 'marts.event_counts_daily');
    return query execute format($query$
    with found as (
        select
            c.bucket_start,
            sum(c.event_count)::bigint as event_count,
            max(c.unique_users) as unique_users,
            count(*) as counts
        from marts.%1$I as c
        where
            c.bucket_start >= $2
            and c.bucket_start <= $3
            and ($4 is null or c.event_name = any($4))
            and ($5 is null or c.environment = $5)
        group by c.bucket_start
    )

    select
        b.bucket_start,
        null::text,
        coalesce(f.event_count, 0),
        coalesce(f.unique_users, 0)
    from unnest($1) as b
    left join found as f on b.bucket_start = f.bucket_start
    where
        b.is_whole
        and case
            when f.counts is not null then f.counts = 1
            -- Fine buckets are kept for a while only: before the first of them nothing is known, unless
            -- there was no event at all.
            else
                b.bucket_start >= (select min(c.bucket_start) from marts.%1$I as c)
                or b.to_at <= coalesce((select min(c.bucket_start) from marts.event_counts_daily as c), 'infinity')
        end
    $query$, mart)
    using
        buckets, (buckets[1]).bucket_start, (buckets[cardinality(buckets)]).bucket_start, names, environment;
end
$$;

comment on function ops.events_from_counts(ops.event_bucket[], text, text[], text) is
'The whole buckets that a mart of counts answers: those of at most one event name and environment, for users '
'of two counts cannot be added.';
