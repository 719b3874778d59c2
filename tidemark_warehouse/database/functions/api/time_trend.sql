create or replace function api.time_trend(user_id text, days integer)
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
'How a person''s work speeds up or slows down, one row a date of the last days, oldest first: every date from their '
'first to their last completion that lies in them. user_id: the person; days: 1 to 730, today (api.clock) included. '
'hours are active hours; efficiency and efficiency_28d are active over estimated seconds; hours_7d_change_percent '
'compares the 7 days with the 7 before, in percent. Refuses a null user_id, days out of their range, and a mart that '
'is not built yet.';

grant execute on function api.time_trend(text, integer) to tidemark_reader;
