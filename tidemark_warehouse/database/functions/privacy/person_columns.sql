create or replace function ops.person_columns()
returns table (place bigint, relation text, column_name text, kind text, only_where text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select
        c.place,
        c.relation,
        c.column_name,
        c.kind,
        c.only_where
    from rows from (
        jsonb_to_recordset('[
            {"r": "raw.workflow_instances", "c": "user_id", "k": "whose"},
            {"r": "raw.time_sessions", "c": "user_id", "k": "whose"},
            {"r": "raw.sessions", "c": "user_id", "k": "whose"},
            {"r": "raw.sessions", "k": "rows",
                "w": "r.user_id is null and exists (select from raw.events as e where (e.distinct_id = any($1) or e.user_id = any($1)) and e.session_id = r.session_id and coalesce(e.environment, ''production'') = r.environment)"},
            {"r": "raw.sessions", "k": "rows", "t": "intermediate.int_visits__cut",
                "w": "r.user_id is null and exists (select from intermediate.int_visits__cut as v where v.distinct_id = any($1) and v.session_id = r.session_id and v.environment = r.environment)"},
            {"r": "raw.sessions", "c": "session_id", "k": "names"},
            {"r": "raw.sessions", "c": "city", "k": "blank"},
            {"r": "raw.sessions", "c": "referrer", "k": "blank"},
            {"r": "raw.sessions", "c": "landing_page", "k": "blank"},
            {"r": "raw.sessions", "c": "exit_page", "k": "blank"},
            {"r": "raw.events", "c": "distinct_id", "k": "whose"},
            {"r": "raw.events", "c": "user_id", "k": "whose"},
            {"r": "raw.events", "c": "session_id", "k": "names"},
            {"r": "raw.events", "c": "page_url", "k": "blank"},
            {"r": "raw.events", "c": "referrer", "k": "blank"},
            {"r": "raw.events", "c": "properties", "k": "properties"},
            {"r": "raw.events", "c": "context", "k": "context"},
            {"r": "raw.identities", "c": "distinct_id", "k": "whose"},
            {"r": "raw.identities", "c": "user_id", "k": "whose"},
            {"r": "raw.feature_requests", "c": "assigned_to_id", "k": "names"},
            {"r": "raw.feature_request_changes", "c": "changed_by_id", "k": "names"},
            {"r": "raw.feature_request_changes", "c": "old_value", "k": "names", "w": "r.field = ''assigned_to_id''"},
            {"r": "raw.feature_request_changes", "c": "new_value", "k": "names", "w": "r.field = ''assigned_to_id''"},
            {"r": "raw.feature_comments", "c": "user_id", "k": "names"},
            {"r": "raw.user_activity_log", "c": "user_id", "k": "whose"},
            {"r": "raw.user_activity_log", "c": "entity_id", "k": "names",
                "w": "r.entity_type ~* ''(user|employee|person|member)''"},
            {"r": "raw.user_activity_log", "c": "metadata", "k": "json"},
            {"r": "raw.user_activity_log", "c": "metadata", "k": "blank"},
            {"r": "raw.dashboard_configurations", "c": "user_id", "k": "delete"},
            {"r": "raw.dashboard_configurations", "c": "layout_config", "k": "json"},
            {"r": "raw.dashboard_configurations", "c": "widget_settings", "k": "json"},
            {"r": "raw.alert_acknowledgements", "c": "acknowledged_by_id", "k": "names"},
            {"r": "ops.alert_withdrawals", "c": "withdrawn_by_id", "k": "names"},
            {"r": "raw.metric_points", "c": "tags", "k": "json"},
            {"r": "raw.employees", "c": "employee_id", "k": "whose"},
            {"r": "raw.employees", "c": "name", "k": "blank"},
            {"r": "raw.employee_metrics", "c": "employee_id", "k": "whose"},
            {"r": "raw.interventions", "c": "target_employee_id", "k": "names"},
            {"r": "ops.kept_funnel_attempts", "c": "user_id", "k": "whose"},
            {"r": "ops.kept_funnel_attempts", "c": "session_id", "k": "names"},
            {"r": "ops.kept_funnel_attempts", "c": "breakdown_value", "k": "names"},
            {"r": "ops.noted_late_rows", "c": "key", "k": "names", "w": "r.table_name = ''employee_metrics''"},
            {"r": "intermediate.int_sessions__totalled", "c": "user_id", "k": "whose"},
            {"r": "intermediate.int_visits__cut", "c": "distinct_id", "k": "whose"},
            {"r": "intermediate.int_visits__cut", "c": "session_id", "k": "names"},
            {"r": "intermediate.int_visits__cut", "c": "landing_page", "k": "blank"},
            {"r": "intermediate.int_visits__cut", "c": "exit_page", "k": "blank"},
            {"r": "intermediate.int_visits__cut", "c": "landed_at", "k": "blank"},
            {"r": "intermediate.int_visits__cut", "c": "landing_event_id", "k": "blank"},
            {"r": "intermediate.int_visits__cut", "c": "left_at", "k": "blank"},
            {"r": "intermediate.int_visits__cut", "c": "exit_event_id", "k": "blank"},
            {"r": "intermediate.int_visits__cut", "c": "referrer", "k": "blank"},
            {"r": "intermediate.int_visits__cut", "c": "city", "k": "blank"},
            {"r": "ops.kept_identifications", "c": "distinct_id", "k": "whose"},
            {"r": "ops.kept_identifications", "c": "user_id", "k": "whose"},
            {"r": "intermediate.int_identities__named", "c": "distinct_id", "k": "whose"},
            {"r": "intermediate.int_identities__named", "c": "user_id", "k": "whose"},
            {"r": "intermediate.int_retention_buckets__filled", "c": "distinct_id", "k": "whose"},
            {"r": "intermediate.int_retention_buckets__filled", "c": "breakdown_value", "k": "names"},
            {"r": "marts.funnel_conversions", "c": "user_id", "k": "whose"},
            {"r": "marts.funnel_conversions", "c": "session_id", "k": "names"},
            {"r": "marts.funnel_conversions", "c": "breakdown_value", "k": "names"},
            {"r": "marts.event_breakdowns_daily", "c": "value", "k": "names"},
            {"r": "marts.metric_aggregates", "c": "tags", "k": "json"},
            {"r": "marts.metric_sketches_hourly", "c": "tags", "k": "json"},
            {"r": "marts_people.employee_metrics_hourly", "c": "employee_id", "k": "whose"},
            {"r": "marts_people.employee_metrics_daily", "c": "employee_id", "k": "whose"},
            {"r": "snapshots.employees_history", "c": "employee_id", "k": "whose"},
            {"r": "snapshots.employees_history", "c": "name", "k": "blank"},
            {"r": "snapshots.employees_history", "c": "dbt_scd_id", "k": "random"},
            {"r": "snapshots.interventions_history", "c": "target_employee_id", "k": "names"}
        ]') as (r text, c text, k text, w text, t text)
    ) with ordinality as c (relation, column_name, kind, only_where, needs, place)
    where c.needs is null or to_regclass(c.needs) is not null
$$;

comment on function ops.person_columns() is
'The one list of where a person is named. Kinds: whose (an id; the row is about that person), rows (a condition '
'that says the same), names (an id, the row is not about them), json (ids among its strings), properties and '
'context (json; in the person''s rows only keys that definitions use stay), blank (null in the person''s rows), '
'random (a new value there), delete (an id; the row goes). Sessions stand before the events that lead to them.';
