-- Time tracking by functions.

create type api.time_aggregation as (
    user_id text,
    date date,
    ticket_type text,
    workflows_completed bigint,
    total_active_seconds numeric,
    total_estimated_seconds numeric,
    total_paused_seconds numeric,
    avg_efficiency_ratio numeric
);
comment on type api.time_aggregation is 'A row of marts.time_aggregations_daily.';

create function api.time_aggregations(start_date date, end_date date, user_id text default null)
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
'Completed workflows and their times, one row a user, date and ticket type, by date. start_date and end_date: '
'both belong to the range; user_id: one person, null for all. Times in seconds; avg_efficiency_ratio is active '
'over estimated seconds (0.8 = a fifth faster than estimated), null where nothing was estimated.';

create function api.time_trend(user_id text, days integer)
returns table (
    date date,
    workflows bigint,
    hours numeric,
    efficiency numeric,
    workflows_7d_avg numeric,
    hours_7d_avg numeric,
    efficiency_28d numeric,
    hours_7d_change_percent numeric
)
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    last_date constant date := (select c.today from api.clock() as c);
begin
    perform ops.check_given('user_id', time_trend.user_id);
    perform ops.check_between('days', time_trend.days, 1, 730);
    perform ops.check_built('marts.time_trends_daily');
    return query
    select
        t.date,
        t.workflows,
        t.hours,
        t.efficiency,
        t.workflows_7d_avg,
        t.hours_7d_avg,
        t.efficiency_28d,
        t.hours_7d_change_percent
    from marts.time_trends_daily as t
    where
        t.user_id = time_trend.user_id
        and t.date > last_date - time_trend.days
        and t.date <= last_date
    order by t.date;
end
$$;
comment on function api.time_trend(text, integer) is
'How a person''s work speeds up or slows down, one row a date of the last days, oldest first: every date from '
'their first to their last completion that lies in them. user_id: the person; days: 1 to 730, today (api.clock) '
'included. hours are active hours; efficiency and efficiency_28d are active over estimated seconds; '
'hours_7d_change_percent compares the 7 days with the 7 before, in percent.';

revoke execute on all functions in schema api from public;
grant execute on function
api.time_aggregations(date, date, text),
api.time_trend(text, integer)
to tidemark_reader;
