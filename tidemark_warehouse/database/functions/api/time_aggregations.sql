create or replace function api.time_aggregations(start_date date, end_date date, user_id text default null)
returns setof api.time_aggregation
language plpgsql stable set search_path = pg_catalog, pg_temp
-- Planned for its arguments: with and without a user are two different readings.
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
begin
    perform ops.check_dates(start_date, end_date);
    perform ops.check_built('marts.time_aggregations_daily');
    return query
    select
        t.user_id,
        t.date,
        t.ticket_type,
        t.workflows_completed,
        t.total_active_seconds,
        t.total_estimated_seconds,
        t.total_paused_seconds,
        t.avg_efficiency_ratio
    from marts.time_aggregations_daily as t
    where
        t.date between time_aggregations.start_date and time_aggregations.end_date
        and (time_aggregations.user_id is null or t.user_id = time_aggregations.user_id)
    order by t.date, t.user_id, t.ticket_type;
end
$$;

comment on function api.time_aggregations(date, date, text) is
'Completed workflows and their times, one row a user, date and ticket type, by date. start_date and end_date: both '
'belong to the range; user_id: one person, null for all. Times in seconds; avg_efficiency_ratio is active over '
'estimated seconds (0.8 = a fifth faster than estimated), null where nothing was estimated. Refuses dates before 1900 '
'or after 2200, a start_date after end_date, and a mart that is not built yet.';

grant execute on function api.time_aggregations(date, date, text) to tidemark_reader;
