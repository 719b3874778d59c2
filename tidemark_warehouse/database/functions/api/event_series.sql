create or replace function api.event_series(
    events text[],
    start_at timestamptz,
    end_at timestamptz,
    granularity text,
    environment text default null,
    breakdown_by text default null,
    user_id text default null
)
returns table (
    bucket_start timestamptz,
    breakdown_value text,
    event_count bigint,
    unique_users bigint,
    is_complete boolean
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
#variable_conflict use_column
declare
    names constant text[] := ops.event_names(events);
    clock record;
    buckets ops.event_bucket[];
    bucket_total numeric;
begin
    perform ops.check_span(start_at, end_at);
    perform ops.check_open_property('breakdown_by', breakdown_by, names);
    perform ops.check_one_of('granularity', granularity, '{minute,hour,day,week,month}');
    bucket_total := ceil(extract(epoch from end_at - start_at) / case granularity
        when 'minute' then 60 when 'hour' then 3600 when 'day' then 86400 when 'week' then 604800 else 2629746
    end);
    if bucket_total > 10000 then
        raise exception 'from % to % are % buckets of a %: at most 10000 are possible',
            start_at, end_at, bucket_total, granularity
            using errcode = 'invalid_parameter_value', hint = 'Choose a shorter range or a coarser granularity.';
    end if;
    select c.* into clock from api.clock() as c;
    buckets := ops.event_buckets(start_at, end_at, granularity, clock.time_zone, clock.now_at);

    return query
    select
        b.bucket_start,
        f.breakdown_value,
        coalesce(f.event_count, 0),
        coalesce(f.unique_users, 0),
        b.is_complete
    from unnest(buckets) as b
    left join ops.count_events(
        buckets, event_series.granularity, event_series.granularity, names, event_series.environment,
        event_series.breakdown_by, event_series.user_id, clock.time_zone
    ) as f on b.bucket_start = f.bucket_start
    where event_series.breakdown_by is null or f.event_count > 0
    order by b.bucket_start, f.breakdown_value;
end
$$;

comment on function api.event_series(text[], timestamptz, timestamptz, text, text, text, text) is
'How often events happened, and how many users did any of them: one row a bucket from start_at (included) to end_at '
'(not), those without an event too; with breakdown_by one row a bucket and value that occurs. events: 1 to 100 names, '
'* is all; granularity: minute, hour, day, week or month of the reporting time zone, at most 10,000 buckets; '
'environment: one, null for all; breakdown_by: an open property of the events; user_id: one user. unique_users is '
'exact: one who does two of the events, or one in two environments, is one. is_complete is false where the range cuts '
'the bucket (then the part in the range is counted) or it is not over yet. Refuses a range without an instant, a '
'property that is not open, other granularities, and more than 10,000 buckets.';

grant execute on function api.event_series(text[], timestamptz, timestamptz, text, text, text, text) to tidemark_reader;
