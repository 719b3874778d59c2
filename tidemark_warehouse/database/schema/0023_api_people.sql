-- What the functions about people return.

create type api.burnout_alert as (
    employee_id text,
    date date,
    burnout_score_max double precision,
    threshold double precision,
    severity text
);
comment on type api.burnout_alert is 'A row of marts_people.burnout_alerts, for any threshold.';

create type api.audit_entry as (
    audit_id uuid,
    intervention_id text,
    action text,
    actor_id text,
    details jsonb,
    logged_at timestamptz
);
comment on type api.audit_entry is 'A row of marts_people.intervention_audit_log.';
