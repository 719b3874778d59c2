create or replace function api.metric_statistics(metric text, days integer)
returns table (
    metric_name text,
    window_days integer,
    count bigint,
    min double precision,
    max double precision,
    avg double precision,
    std_dev double precision,
    p50 double precision,
    p90 double precision,
    p99 double precision
)
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    clock record;
begin
    perform ops.check_people_reader();
    perform ops.check_one_of(
        'metric', metric, '{degree_centrality,betweenness_centrality,clustering_coeff,burnout_score}'
    );
    perform ops.check_between('days', days, 1, 365);
    if days in (7, 30, 90, 365) then
        perform ops.check_built('marts_people.metric_statistics');
        return query
        select s.metric_name, s.window_days, s.count, s.min, s.max, s.avg, s.std_dev, s.p50, s.p90, s.p99
        from marts_people.metric_statistics as s
        where s.metric_name = metric and s.window_days = days;
        return;
    end if;

    perform ops.check_built('marts_people.employee_metrics_hourly');
    select c.* into clock from api.clock() as c;
    return query execute format($query$
    select
        $1,
        $2,
        coalesce(s.count, 0),
        s.min,
        s.max,
        s.avg,
        s.std_dev,
        s.percentiles[1],
        s.percentiles[2],
        s.percentiles[3]
    from (
        select
            sum(h.%1$I)::bigint as count,
            min(h.%2$I) as min,
            max(h.%3$I) as max,
            avg(h.%4$I) as avg,
            stddev_samp(h.%4$I) as std_dev,
            percentile_cont(array[0.5, 0.9, 0.99]) within group (order by h.%4$I) as percentiles
        from marts_people.employee_metrics_hourly as h
        where
            -- Clocks that go back over midnight let a date begin before it.
            h.bucket_start >= ($3 - $2 + 1)::timestamp at time zone $4 - interval '3 hours'
            and (h.bucket_start at time zone $4)::date between $3 - $2 + 1 and $3
    ) as s
    $query$, metric || '_count', metric || '_min', metric || '_max', metric || '_avg')
    using metric, days, clock.today, clock.time_zone;
end
$$;

comment on function api.metric_statistics(text, integer) is
'What is usual in the company, and what is extreme: one row. For tidemark_people_reader. metric: degree_centrality, '
'betweenness_centrality, clustering_coeff or burnout_score; days: 1 to 365, today (api.clock) included; 7, 30, 90 and '
'365 come from the mart, others are computed from all hours of these days. count, min and max are of samples, the '
'others of hourly averages. Refuses a role that may not read about people, another metric, days out of their range, '
'and a mart that is not built yet.';

grant execute on function api.metric_statistics(text, integer) to tidemark_reader;
