-- Every raw table of docs/spec.md: the listed columns and the key. What all of them share (transaction
-- ids, triggers, default partitions, the loader's grants) comes from ops.adopt_raw_table at the end.

-- Time tracking -------------------------------------------------------------------------------

create table raw.workflow_templates (
    template_id text primary key,
    name text,
    ticket_type text not null,
    updated_at timestamptz
);

create table raw.workflow_template_steps (
    template_id text not null,
    step_index integer not null,
    name text,
    estimated_minutes numeric,
    primary key (template_id, step_index)
);

create table raw.workflow_instances (
    instance_id text primary key,
    template_id text not null,
    user_id text not null,
    ticket_id text,
    status text not null,
    started_at timestamptz not null,
    completed_at timestamptz,
    updated_at timestamptz
);

create table raw.time_sessions (
    session_id text primary key,
    instance_id text not null,
    user_id text,
    step_index integer not null,
    started_at timestamptz not null,
    ended_at timestamptz,
    total_seconds numeric,
    total_paused_seconds numeric default 0,
    is_active boolean default false,
    updated_at timestamptz
);

-- Product -------------------------------------------------------------------------------------

create table raw.events (
    event_id uuid not null,
    event_type text default 'track',
    event_name text not null,
    event_at timestamptz not null,
    distinct_id text not null,
    user_id text,
    session_id text,
    environment text default 'production',
    properties jsonb default '{}',
    context jsonb default '{}',
    page_url text,
    referrer text,
    primary key (event_id, event_at)
) partition by range (event_at);

create table raw.identities (
    distinct_id text primary key,
    user_id text not null,
    updated_at timestamptz
);

create table raw.sessions (
    session_id text not null,
    environment text not null default 'production',
    user_id text,
    started_at timestamptz,
    ended_at timestamptz,
    device_type text,
    browser text,
    os text,
    country text,
    city text,
    referrer text,
    landing_page text,
    exit_page text,
    updated_at timestamptz,
    primary key (environment, session_id)
);

-- Delivery ------------------------------------------------------------------------------------

create table raw.projects (
    project_id text primary key,
    title text,
    status text,
    created_at timestamptz,
    updated_at timestamptz
);

create table raw.feature_requests (
    feature_request_id text primary key,
    project_id text not null,
    title text,
    status text not null,
    priority text,
    assigned_to_id text,
    complexity_score numeric,
    deadline date,
    created_at timestamptz not null,
    completed_at timestamptz,
    updated_at timestamptz
);

create table raw.feature_request_changes (
    change_id text not null,
    feature_request_id text not null,
    field text not null
    check (field in ('status', 'priority', 'assigned_to_id', 'project_id', 'completed_at')),
    old_value text,
    new_value text,
    changed_by_id text,
    changed_at timestamptz not null,
    primary key (change_id, changed_at)
) partition by range (changed_at);

create table raw.feature_comments (
    comment_id text not null,
    feature_request_id text not null,
    user_id text,
    created_at timestamptz not null,
    primary key (comment_id, created_at)
) partition by range (created_at);

create table raw.user_activity_log (
    activity_id text not null,
    user_id text not null,
    action_type text not null,
    entity_type text not null,
    entity_id text not null,
    metadata jsonb,
    created_at timestamptz not null,
    primary key (activity_id, created_at)
) partition by range (created_at);

create table raw.dashboard_configurations (
    user_id text not null,
    dashboard_name text not null,
    layout_config jsonb not null,
    widget_settings jsonb,
    is_default boolean,
    is_shared boolean,
    updated_at timestamptz,
    primary key (user_id, dashboard_name)
);

-- Application metrics and alerts --------------------------------------------------------------

create table raw.alert_acknowledgements (
    alert_id text not null,
    acknowledged_by_id text not null,
    acknowledged_at timestamptz not null,
    primary key (alert_id, acknowledged_at)
) partition by range (acknowledged_at);

create table raw.metric_points (
    point_id uuid not null,
    name text not null,
    metric_type text default 'gauge' check (metric_type in ('counter', 'gauge', 'histogram', 'timer')),
    value double precision not null,
    recorded_at timestamptz not null,
    tags jsonb default '{}',
    unit text,
    primary key (point_id, recorded_at)
) partition by range (recorded_at);

-- People --------------------------------------------------------------------------------------

create table raw.employees (
    employee_id text primary key,
    name text,
    team_name text,
    updated_at timestamptz
);

create table raw.employee_metrics (
    employee_id text not null,
    recorded_at timestamptz not null,
    degree_centrality double precision,
    betweenness_centrality double precision,
    clustering_coeff double precision,
    burnout_score double precision,
    primary key (employee_id, recorded_at)
) partition by range (recorded_at);

create table raw.interventions (
    intervention_id text primary key,
    target_employee_id text not null,
    intervention_type text not null,
    status text not null,
    created_at timestamptz not null,
    updated_at timestamptz
);

create table raw.intervention_audit_log (
    audit_id uuid not null,
    intervention_id text not null,
    action text not null,
    actor_id text,
    details jsonb,
    logged_at timestamptz not null,
    primary key (audit_id, logged_at)
) partition by range (logged_at);

-- What all of them share ----------------------------------------------------------------------

select ops.adopt_raw_table(c.oid::regclass)
from pg_class as c
where c.relnamespace = 'raw'::regnamespace and c.relkind in ('r', 'p')
order by c.relname;

-- What tidemark load could not take: no source of any mart, so it needs no bookkeeping.
create table raw.rejected_rows (
    table_name text not null,
    source text not null,
    line bigint not null,
    reason text not null,
    payload text,
    rejected_at timestamptz not null default now()
);
create unique index rejected_rows_once on raw.rejected_rows (table_name, source, line, md5(payload));
create trigger refuse_truncate before truncate on raw.rejected_rows
for each statement execute function ops.refuse_truncate('raw.rejected_rows');
grant insert on raw.rejected_rows to tidemark_loader;

-- Readings that docs/spec.md lists (section 7), and those of the engine's scopes --------------------------

create index workflow_instances_template on raw.workflow_instances (template_id);
create index time_sessions_instance on raw.time_sessions (instance_id);
create index feature_requests_project on raw.feature_requests (project_id, status, created_at);
create index feature_requests_deadline on raw.feature_requests (deadline, status) where deadline is not null;
create index feature_requests_assignee on raw.feature_requests (assigned_to_id, status, updated_at);
create index employee_metrics_employee on raw.employee_metrics (employee_id, recorded_at desc);
