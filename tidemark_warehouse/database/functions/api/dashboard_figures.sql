create or replace function api.dashboard_figures()
returns table (
    widget_id text,
    metric_key text,
    period text,
    period_start date,
    value numeric,
    previous_value numeric,
    change_percent numeric,
    updated_at timestamptz
)
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform ops.check_built('marts.dashboard_metrics');
    return query
    select
        d.widget_id,
        d.metric_key,
        d.period,
        d.period_start,
        d.value,
        d.previous_value,
        d.change_percent,
        d.updated_at
    from marts.dashboard_metrics as d
    order by d.widget_id, d.metric_key;
end
$$;

comment on function api.dashboard_figures() is
'The figures of seeds/dashboard_widgets.csv: one row a widget and figure. value is that '
'of the last complete day, week or month (period, from period_start on), previous_value that of the one before, '
'change_percent the change in percent, null where that cannot be said. '
'Refuses a mart that is not built yet.';

grant execute on function api.dashboard_figures() to tidemark_reader;
