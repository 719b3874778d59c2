create or replace function api.burnout_alerts(threshold double precision, days integer)
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
'medium, from 10 over the threshold high, from 20 critical. Refuses a role that may not read about people, numbers '
'out of their range, and a mart that is not built yet.';

grant execute on function api.burnout_alerts(double precision, integer) to tidemark_reader;
