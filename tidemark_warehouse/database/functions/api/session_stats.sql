create or replace function api.session_stats(
    start_date date, end_date date, environment text default 'production'
)
returns table (
    date date,
    sessions bigint,
    users bigint,
    total_events bigint,
    total_duration_seconds numeric,
    avg_duration_seconds numeric,
    median_duration_seconds numeric,
    bounces bigint,
    bounce_rate numeric,
    events_per_session numeric
)
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform ops.check_dates(start_date, end_date);
    perform ops.check_given('environment', session_stats.environment);
    perform ops.check_built('marts.session_stats');
    return query
    select
        s.date,
        s.sessions,
        s.users,
        s.total_events,
        s.total_duration_seconds,
        s.avg_duration_seconds,
        s.median_duration_seconds,
        s.bounces,
        s.bounce_rate,
        s.events_per_session
    from marts.session_stats as s
    where
        s.environment = session_stats.environment
        and s.date between session_stats.start_date and session_stats.end_date
    order by s.date;
end
$$;

comment on function api.session_stats(date, date, text) is
'How many visits there were, how long and how lively: one row a date on which sessions began. start_date and end_date: both '
'belong to the range; environment: one, production unless another is named. users are distinct users of the date, and '
'never to be summed; bounces are sessions of one event, bounce_rate their fraction; durations in seconds. '
'Refuses absurd dates, a range that ends before it starts, a null environment, and a mart that is not built yet.';

grant execute on function api.session_stats(date, date, text) to tidemark_reader;
