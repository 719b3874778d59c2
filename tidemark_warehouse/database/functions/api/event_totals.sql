create or replace function api.event_totals(
    events text[],
    start_at timestamptz,
    end_at timestamptz,
    environment text default null,
    breakdown_by text default null,
    user_id text default null
)
returns table (breakdown_value text, event_count bigint, unique_users bigint, is_complete boolean)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
#variable_conflict use_column
declare
    names constant text[] := ops.event_names(events);
    clock record;
    buckets ops.event_bucket[];
    counted_as text;
begin
    perform ops.check_span(start_at, end_at);
    perform ops.check_open_property('breakdown_by', breakdown_by, names);
    select c.* into clock from api.clock() as c;
    buckets := ops.event_buckets(start_at, end_at, 'range', clock.time_zone, clock.now_at);
    -- A range that is one bucket of a mart is answered by it.
    select u.unit into counted_as
    from unnest(array['month', 'week', 'day', 'hour', 'minute']) with ordinality as u (unit, place)
    cross join lateral (
        select ops.event_buckets(start_at, end_at, u.unit, clock.time_zone, clock.now_at) as found
        where
            end_at - start_at <= interval '32 days'
            and end_at - start_at between ('1 ' || u.unit)::interval * 0.8 and ('1 ' || u.unit)::interval * 1.2
    ) as b
    where cardinality(b.found) = 1 and (b.found[1]).is_whole and (b.found[1]).bucket_start = start_at
    order by u.place
    limit 1;

    return query
    select
        f.breakdown_value,
        coalesce(f.event_count, 0),
        coalesce(f.unique_users, 0),
        b.is_complete
    from unnest(buckets) as b
    left join ops.count_events(
        buckets, 'range', counted_as, names, event_totals.environment, event_totals.breakdown_by,
        event_totals.user_id, clock.time_zone
    ) as f on b.bucket_start = f.bucket_start
    where event_totals.breakdown_by is null or f.event_count > 0
    order by f.event_count desc, f.breakdown_value;
end
$$;

comment on function api.event_totals(text[], timestamptz, timestamptz, text, text, text) is
'How often events happened in a range of time, and how many users did any of them: one row; with breakdown_by one row '
'a value that occurs, the most frequent first. start_at belongs to the range, end_at does not. events: 1 to 100 '
'names, * is all; environment: one, null for all; breakdown_by: an open property of the events; user_id: one user. '
'unique_users are the distinct users of the whole range. is_complete is false while it is not over. Refuses a range '
'without an instant, and a property that is not open.';

grant execute on function api.event_totals(text[], timestamptz, timestamptz, text, text, text) to tidemark_reader;
