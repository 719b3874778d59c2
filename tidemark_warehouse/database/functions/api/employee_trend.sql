create or replace function api.employee_trend(
    employee_id text, start_at timestamptz, end_at timestamptz, use_hourly boolean
)
returns table (
    bucket_start timestamptz,
    sample_count bigint,
    degree_centrality_avg double precision,
    degree_centrality_min double precision,
    degree_centrality_max double precision,
    betweenness_centrality_avg double precision,
    betweenness_centrality_min double precision,
    betweenness_centrality_max double precision,
    clustering_coeff_avg double precision,
    clustering_coeff_min double precision,
    clustering_coeff_max double precision,
    burnout_score_avg double precision,
    burnout_score_min double precision,
    burnout_score_max double precision
)
language plpgsql stable set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
#variable_conflict use_column
declare
    time_zone constant text := (select c.time_zone from api.clock() as c);
begin
    perform ops.check_people_reader();
    perform ops.check_given('employee_id', employee_trend.employee_id);
    perform ops.check_given('use_hourly', use_hourly::text);
    perform ops.check_span(start_at, end_at);
    if use_hourly then
        perform ops.check_built('marts_people.employee_metrics_hourly');
        return query
        select
            h.bucket_start,
            h.sample_count,
            h.degree_centrality_avg,
            h.degree_centrality_min,
            h.degree_centrality_max,
            h.betweenness_centrality_avg,
            h.betweenness_centrality_min,
            h.betweenness_centrality_max,
            h.clustering_coeff_avg,
            h.clustering_coeff_min,
            h.clustering_coeff_max,
            h.burnout_score_avg,
            h.burnout_score_min,
            h.burnout_score_max
        from marts_people.employee_metrics_hourly as h
        where
            h.employee_id = employee_trend.employee_id
            and h.bucket_start >= start_at
            and h.bucket_start < end_at
        order by h.bucket_start;
    else
        perform ops.check_built('marts_people.employee_metrics_daily');
        return query
        select
            d.date::timestamp at time zone time_zone,
            d.sample_count,
            d.degree_centrality_avg,
            d.degree_centrality_min,
            d.degree_centrality_max,
            d.betweenness_centrality_avg,
            d.betweenness_centrality_min,
            d.betweenness_centrality_max,
            d.clustering_coeff_avg,
            d.clustering_coeff_min,
            d.clustering_coeff_max,
            d.burnout_score_avg,
            d.burnout_score_min,
            d.burnout_score_max
        from marts_people.employee_metrics_daily as d
        where
            d.employee_id = employee_trend.employee_id
            and d.date >= (start_at at time zone time_zone)::date
            and d.date <= (end_at at time zone time_zone)::date
            and d.date::timestamp at time zone time_zone >= start_at
            and d.date::timestamp at time zone time_zone < end_at
        order by d.date;
    end if;
end
$$;

comment on function api.employee_trend(text, timestamptz, timestamptz, boolean) is
'How connected and how loaded a person is: one row an hour or date with a sample that begins in the range, oldest '
'first. For tidemark_people_reader. employee_id: the person; start_at belongs to the range, end_at does not; '
'use_hourly: hours (kept for two years) if true, else dates of the reporting time zone. Average, least and largest '
'sample of each metric; null where the metric has none. Refuses a role that may not read about people, a null '
'employee_id or use_hourly, a range without an instant, and a mart that is not built yet.';

grant execute on function api.employee_trend(text, timestamptz, timestamptz, boolean) to tidemark_reader;
