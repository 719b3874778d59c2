create or replace function ops.count_events(
    buckets ops.event_bucket[],
    granularity text,
    counted_as text,
    names text[],
    environment text,
    breakdown_by text,
    user_id text,
    time_zone text
) returns setof ops.event_figure
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    figures ops.event_figure[] := '{}';
    rest ops.event_bucket[] := buckets;
begin
    if user_id is null and breakdown_by is null and counted_as is not null then
        figures := array(select f from ops.events_from_counts(buckets, counted_as, names, environment) as f);
    elsif user_id is null and breakdown_by is not null and counted_as = 'day' then
        figures := array(
            select f from ops.events_from_breakdowns(buckets, names, environment, breakdown_by, time_zone) as f
        );
    end if;
    if figures <> '{}' then
        rest := array(
            select b
            from unnest(buckets) as b
            where b.bucket_start not in (select f.bucket_start from unnest(figures) as f)
            order by b.bucket_start
        );
    end if;
    if rest <> '{}' then
        figures := figures || array(
            select f
            from ops.events_from_users(
                rest, granularity, names, environment, breakdown_by, user_id, time_zone
            ) as f
        );
    end if;
    return query select f.* from unnest(figures) as f;
end
$$;

comment on function ops.count_events(ops.event_bucket[], text, text, text[], text, text, text, text) is
'Which source answers: for each bucket the mart of counts (or breakdowns) if it does so exactly, else users by '
'date, else raw. counted_as: the granularity of the mart that has these buckets, null if none has.';
