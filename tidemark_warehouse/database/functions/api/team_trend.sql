create or replace function api.team_trend(team_name text, days integer)
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
'How a team is doing: one row a date with a sample, oldest first. For tidemark_people_reader. team_name: the team, by '
'its present members; days: 1 to 730, today (api.clock) included. Averages of the members'' daily averages; null where '
'fewer than min_team_size people have the metric. Refuses a role that may not read about people, a null team_name, '
'days out of their range, and a mart that is not built yet.';

grant execute on function api.team_trend(text, integer) to tidemark_reader;
