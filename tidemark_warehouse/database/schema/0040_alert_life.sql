-- An alert is a condition with a life: those of people join the others, and an operator may take one back.

create table ops.alert_withdrawals (
    alert_id text primary key,
    withdrawn_by_id text not null,
    withdrawn_at timestamptz not null default clock_timestamp(),
    note text
);

comment on table ops.alert_withdrawals is
'One row an alert that somebody has taken back, with who and why: its state is withdrawn.';

select ops.adopt_raw_table('ops.alert_withdrawals');
revoke all on ops.alert_withdrawals from tidemark_loader;

grant usage on schema api to tidemark_operator;

create type api.alert as (
    alert_id text,
    rule_id text,
    alert_type text,
    entity_type text,
    entity_id text,
    state text,
    severity text,
    alert_message text,
    threshold_value double precision,
    opened_value double precision,
    current_value double precision,
    opened_at timestamptz,
    last_period_start timestamptz,
    resolved_at timestamptz,
    expires_at timestamptz,
    is_acknowledged boolean,
    acknowledged_by_id text,
    acknowledged_at timestamptz,
    reopens_alert_id text,
    created_at timestamptz
);

-- The alerts of earlier releases stay on record: those about people move to where all are. The model reads itself, so
-- that its unit tests, which run before it, need the table; the build gives it its key.
create table if not exists intermediate.int_alerts__raised (
    alert_id text,
    rule_id text,
    alert_type text,
    entity_type text,
    entity_id text,
    signal text,
    period text,
    period_start date,
    threshold_value double precision,
    current_value double precision,
    alert_message text,
    severity text,
    created_at timestamptz,
    expires_at timestamptz
);

alter table intermediate.int_alerts__raised
add column opened_value double precision,
add column opened_at timestamptz,
add column is_historical boolean,
add column last_period_start date,
add column resolved_at timestamptz,
add column reopens_alert_id text;

do $$
begin
    if to_regclass('intermediate.int_people_alerts__raised') is not null then
        insert into intermediate.int_alerts__raised (
            alert_id, rule_id, alert_type, entity_type, entity_id, signal, period, period_start,
            threshold_value, current_value, alert_message, severity, created_at, expires_at
        )
        select
            alert_id, rule_id, alert_type, entity_type, entity_id, signal, period, period_start,
            threshold_value, current_value, alert_message, severity, created_at, expires_at
        from intermediate.int_people_alerts__raised
        on conflict do nothing;
        drop table intermediate.int_people_alerts__raised;
        delete from ops.watermarks where relation = 'intermediate.int_people_alerts__raised';
        delete from ops.programs where relation = 'intermediate.int_people_alerts__raised';
    end if;
end
$$;
