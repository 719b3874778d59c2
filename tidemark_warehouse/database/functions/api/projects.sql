create or replace function api.projects()
returns table (
    project_id text,
    project_title text,
    project_status text,
    total_features bigint,
    completed_features bigint,
    open_features bigint,
    overdue_features bigint,
    completion_percentage numeric,
    weeks_p50 integer,
    weeks_p85 integer,
    weeks_p95 integer
)
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform ops.check_built('marts.project_summary', 'marts.delivery_forecast');
    return query
    select
        s.project_id,
        s.project_title,
        s.project_status,
        s.total_features,
        s.completed_features,
        s.open_features,
        s.overdue_features,
        s.completion_percentage,
        f.weeks_p50::integer,
        f.weeks_p85::integer,
        f.weeks_p95::integer
    from marts.project_summary as s
    left join marts.delivery_forecast as f on s.project_id = f.project_id
    order by s.project_id;
end
$$;

comment on function api.projects() is
'How far each project is, and when its open features will be done: one row a project as it stands now. '
'completion_percentage is in percent; weeks_p50, weeks_p85 and weeks_p95 are the weeks within which '
'so many percent of the trials were done, null where nothing can be said. '
'Refuses marts that are not built yet.';

grant execute on function api.projects() to tidemark_reader;
