create or replace function api.alerts(
    state text default 'firing',
    severity text default null,
    entity_type text default null,
    entity_id text default null,
    start_at timestamptz default null,
    end_at timestamptz default null
)
returns setof api.alert
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    sees_people constant boolean := has_schema_privilege('marts_people', 'usage');
begin
    perform ops.check_one_of('state', state, '{firing,resolved,expired,historical,withdrawn,all}');
    if severity is not null then
        perform ops.check_one_of('severity', severity, '{low,medium,high,critical}');
    end if;
    if entity_type is not null then
        perform ops.check_one_of('entity_type', entity_type, '{environment,user,project,metric,employee,team}');
    end if;
    if start_at is not null and end_at is not null then
        perform ops.check_span(start_at, end_at);
    end if;
    perform ops.check_built('marts.metric_alerts');
    if sees_people then
        perform ops.check_built('marts_people.metric_alerts');
    end if;
    return query execute format(
        'select a.alert_id, a.rule_id, a.alert_type, a.entity_type, a.entity_id, a.state, a.severity, a.alert_message, '
        'a.threshold_value, a.opened_value, a.current_value, a.opened_at, a.last_period_start, a.resolved_at, '
        'a.expires_at, a.is_acknowledged, a.acknowledged_by_id, a.acknowledged_at, a.reopens_alert_id, a.created_at '
        'from (select * from marts.metric_alerts %s) as a '
        'where $1 in (a.state, ''all'') and ($2 is null or a.severity = $2) '
        'and ($3 is null or a.entity_type = $3) and ($4 is null or a.entity_id = $4) '
        'and ($5 is null or a.opened_at >= $5) and ($6 is null or a.opened_at < $6) '
        'order by a.opened_at desc, a.alert_id',
        case when sees_people then 'union all select * from marts_people.metric_alerts' end
    ) using state, severity, entity_type, entity_id, start_at, end_at;
end
$$;

comment on function api.alerts(text, text, text, text, timestamptz, timestamptz) is
'What needs attention, and what did: one row an alert, the latest first; those about employees and teams for '
'tidemark_people_reader alone. state: firing (the default), resolved, expired, historical, withdrawn or all; '
'severity: low, medium, high or critical; entity_type: environment, user, project, metric, employee or team; '
'entity_id: which of them; start_at, end_at: those that opened from start_at (included) to end_at (not). Nothing is '
'asked of what is null. Refuses words that are none of these, ranges without an instant, and marts that are not built '
'yet.';

revoke execute on function api.alerts(text, text, text, text, timestamptz, timestamptz) from public;
grant execute on function api.alerts(text, text, text, text, timestamptz, timestamptz) to tidemark_reader;
