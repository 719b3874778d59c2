create or replace function api.project_trend(project_id text, start_date date, end_date date)
returns table (
    date date,
    total_features bigint,
    completed_features bigint,
    open_features bigint,
    overdue_features bigint,
    completion_percentage numeric,
    velocity numeric,
    cycle_time_avg numeric,
    active_contributors bigint
)
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform ops.check_given('project_id', project_trend.project_id);
    perform ops.check_dates(start_date, end_date);
    perform ops.check_built('marts.project_metrics');
    return query
    select
        m.date,
        m.total_features,
        m.completed_features,
        m.open_features,
        m.overdue_features,
        m.completion_percentage,
        m.velocity,
        m.cycle_time_avg,
        m.active_contributors
    from marts.project_metrics as m
    where
        m.project_id = project_trend.project_id
        and m.date between project_trend.start_date and project_trend.end_date
    order by m.date;
end
$$;

comment on function api.project_trend(text, date, date) is
'How a project stood at the end of each date, by the history of its features: one row a date from its first feature to '
'today. project_id: the project; start_date and end_date: both belong to the range. velocity is features a week over '
'28 dates, cycle_time_avg days, completion_percentage percent. '
'Refuses a null project_id, absurd dates, a range that ends before it starts, and a mart that is not built yet.';

grant execute on function api.project_trend(text, date, date) to tidemark_reader;
