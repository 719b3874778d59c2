create or replace function ops.events_from_breakdowns(
    buckets ops.event_bucket[], names text[], environment text, property text, time_zone text
) returns setof ops.event_figure
language plpgsql stable set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
declare
    first_start constant timestamptz := (buckets[1]).bucket_start;
    last_start constant timestamptz := (buckets[cardinality(buckets)]).bucket_start;
begin
    perform ops.check_built('marts.event_breakdowns_daily', 'marts.event_counts_daily');
    return query
    with days as (
        select
            c.bucket_start,
            sum(c.event_count) as event_count
        from marts.event_counts_daily as c
        where
            c.bucket_start between first_start and last_start
            and (names is null or c.event_name = any(names))
            and (events_from_breakdowns.environment is null or c.environment = events_from_breakdowns.environment)
        group by c.bucket_start
    ),

    figures as (
        select
            d.date,
            d.value,
            sum(d.event_count)::bigint as event_count,
            max(d.unique_users) as unique_users,
            count(*) = 1 and not bool_or(d.is_other) as is_exact
        from marts.event_breakdowns_daily as d
        where
            d.date between (first_start at time zone time_zone)::date and (last_start at time zone time_zone)::date
            and d.property = events_from_breakdowns.property
            and (names is null or d.event_name = any(names))
            and (events_from_breakdowns.environment is null or d.environment = events_from_breakdowns.environment)
        group by d.date, d.value
    ),

    -- A property that is broken down has a value, or null, for every event of its name.
    answered as (
        select f.date
        from figures as f
        inner join days as c on f.date = (c.bucket_start at time zone time_zone)::date
        group by f.date, c.event_count
        having bool_and(f.is_exact) and sum(f.event_count) = c.event_count
    )

    select
        b.bucket_start,
        f.value,
        coalesce(f.event_count, 0),
        coalesce(f.unique_users, 0)
    from unnest(buckets) as b
    left join days as c on b.bucket_start = c.bucket_start
    left join answered as a on (b.bucket_start at time zone time_zone)::date = a.date
    left join figures as f on a.date = f.date
    where b.is_whole and (c.bucket_start is null or a.date is not null);
end
$$;

comment on function ops.events_from_breakdowns(ops.event_bucket[], text[], text, text, text) is
'The whole days that event_breakdowns_daily answers: every event is broken down by the property, each value '
'stands in one row, and none is among the others.';
