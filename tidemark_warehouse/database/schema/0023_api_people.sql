-- People by functions. They run with the rights of their caller, so that the grants of marts_people decide, and
-- ops.check_people_reader says so in words.

create function api.employee_trend(
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
'sample of each metric; null where the metric has none.';

create function api.team_trend(team_name text, days integer)
returns table (
    date date,
    employees bigint,
    degree_centrality_avg double precision,
    betweenness_centrality_avg double precision,
    clustering_coeff_avg double precision,
    burnout_score_avg double precision
)
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    last_date constant date := (select c.today from api.clock() as c);
begin
    perform ops.check_people_reader();
    perform ops.check_given('team_name', team_trend.team_name);
    perform ops.check_between('days', days, 1, 730);
    perform ops.check_built('marts_people.team_metrics_daily');
    return query
    select
        t.date,
        t.employees,
        t.degree_centrality_avg,
        t.betweenness_centrality_avg,
        t.clustering_coeff_avg,
        t.burnout_score_avg
    from marts_people.team_metrics_daily as t
    where
        t.team_name = team_trend.team_name
        and t.date > last_date - days
        and t.date <= last_date
    order by t.date;
end
$$;
comment on function api.team_trend(text, integer) is
'How a team is doing: one row a date with a sample, oldest first. For tidemark_people_reader. team_name: the team, '
'by its present members; days: 1 to 730, today (api.clock) included. Averages of the members'' daily averages; '
'null where fewer than min_team_size people have the metric.';

create type api.burnout_alert as (
    employee_id text,
    date date,
    burnout_score_max double precision,
    threshold double precision,
    severity text
);
comment on type api.burnout_alert is 'A row of marts_people.burnout_alerts, for any threshold.';

create function api.burnout_alerts(threshold double precision, days integer)
returns setof api.burnout_alert
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    last_date constant date := (select c.today from api.clock() as c);
    first_date date;
begin
    perform ops.check_people_reader();
    perform ops.check_between('threshold', threshold, 0, 100);
    perform ops.check_between('days', days, 1, 90);
    perform ops.check_built('marts_people.burnout_alerts', 'marts_people.employee_metrics_daily');
    first_date := last_date - days + 1;
    return query
    with found as (
        -- The mart has the days over its own threshold: all that are over a higher one.
        select a.employee_id, a.date, a.burnout_score_max
        from marts_people.burnout_alerts as a
        where a.threshold <= burnout_alerts.threshold
        union
        select d.employee_id, d.date, d.burnout_score_max
        from marts_people.employee_metrics_daily as d
        where
            not exists (
                select from marts_people.burnout_alerts as a where a.threshold <= burnout_alerts.threshold
            )
            and d.date between first_date and last_date
    )

    select
        f.employee_id,
        f.date,
        f.burnout_score_max,
        burnout_alerts.threshold,
        case
            when f.burnout_score_max >= burnout_alerts.threshold + 20 then 'critical'
            when f.burnout_score_max >= burnout_alerts.threshold + 10 then 'high'
            else 'medium'
        end
    from found as f
    where f.date between first_date and last_date and f.burnout_score_max > burnout_alerts.threshold
    order by f.date desc, f.burnout_score_max desc, f.employee_id;
end
$$;
comment on function api.burnout_alerts(double precision, integer) is
'Who needs help: one row a person and date on which their largest score was over the threshold, newest first. For '
'tidemark_people_reader. threshold: a score from 0 to 100; days: 1 to 90, today (api.clock) included. severity: '
'medium, from 10 over the threshold high, from 20 critical.';

create function api.metric_statistics(metric text, days integer)
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
'What is usual in the company, and what is extreme: one row. For tidemark_people_reader. metric: '
'degree_centrality, betweenness_centrality, clustering_coeff or burnout_score; days: 1 to 365, today (api.clock) '
'included; 7, 30, 90 and 365 come from the mart, others are computed from all hours of these days. count, min and '
'max are of samples, the others of hourly averages.';

create type api.audit_entry as (
    audit_id uuid,
    intervention_id text,
    action text,
    actor_id text,
    details jsonb,
    logged_at timestamptz
);
comment on type api.audit_entry is 'A row of marts_people.intervention_audit_log.';

create function api.intervention_audit(
    start_at timestamptz, end_at timestamptz, intervention_id text default null, action text default null
)
returns setof api.audit_entry
language plpgsql stable set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
begin
    perform ops.check_people_reader();
    perform ops.check_span(start_at, end_at);
    perform ops.check_built('marts_people.intervention_audit_log');
    return query
    select a.audit_id, a.intervention_id, a.action, a.actor_id, a.details, a.logged_at
    from marts_people.intervention_audit_log as a
    where
        a.logged_at >= start_at
        and a.logged_at < end_at
        and (intervention_audit.intervention_id is null or a.intervention_id = intervention_audit.intervention_id)
        and (intervention_audit.action is null or a.action = intervention_audit.action)
    order by a.logged_at, a.audit_id;
end
$$;
comment on function api.intervention_audit(timestamptz, timestamptz, text, text) is
'Who did what about interventions: the entries of a range of time, oldest first. For tidemark_people_reader. '
'start_at belongs to the range, end_at does not; intervention_id and action: one of them, null for all.';

revoke execute on all functions in schema api from public;
grant execute on function
api.employee_trend(text, timestamptz, timestamptz, boolean),
api.team_trend(text, integer),
api.burnout_alerts(double precision, integer),
api.metric_statistics(text, integer),
api.intervention_audit(timestamptz, timestamptz, text, text)
to tidemark_reader;
