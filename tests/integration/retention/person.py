"""A company in which one person, zq-ann, is named wherever a person can be."""

LATE = (
    """
    insert into raw.events (event_id, event_name, event_at, distinct_id) values
    ('00000000-0000-4000-9000-000000000001', 'page_view', '2025-12-25 12:00+00', 'zq-dev-1'),
    ('00000000-0000-4000-9000-000000000002', 'page_view', '2026-02-20 12:00+00', 'zq-ann')
    """,
    """
    insert into raw.employee_metrics (employee_id, recorded_at, burnout_score)
    values ('zq-ann', '2025-12-25 12:34+00', 99)
    """,
)
ROWS = (
    """
    insert into raw.events
        (event_id, event_type, event_name, event_at, distinct_id, user_id, session_id, properties,
         context, page_url, referrer)
    select
        ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid,
        case when n % 50 = 2 then 'identify' else 'track' end,
        (array['page_view', 'search_performed', 'mission_created', 'mission_completed'])
            [n % 4 + 1],
        timestamptz '2025-12-20 00:00+00' + n * interval '3 hours 13 minutes',
        (array['zq-ann', 'zq-dev-1', 'zq-dev-2', 'bob', 'cat', 'zq-sim-internal-7'])[n % 6 + 1],
        case when n % 50 = 2 then (array['zq-ann', 'zq-ann', 'zq-ann', 'bob', 'cat'])[n % 6 + 1]
        end,
        case when n % 5 = 0 then 's' || n / 10 end,
        jsonb_build_object(
            'country', (array['DE', 'US'])[n % 2 + 1], 'path', '/' || n % 4, 'plan',
            case n % 40 when 2 then 'zq-ann' else 'pro' end,
            'email', (array['zq-ann', 'ann', 'ann', 'bob'])[n % 6 + 1] || '@example.org',
            'invited_by', case n % 30 when 3 then 'zq-ann' end
        ),
        '{"browser": "b", "city": "Graz", "ip": "10.0.0.1", "device_type": "mobile"}',
        'https://example.org/' || n % 3, 'https://search.example'
    from generate_series(1, 330) as n
    """,
    "insert into raw.identities (distinct_id, user_id) values ('zq-dev-1', 'zq-ann')",
    """
    insert into raw.sessions (session_id, user_id, city, landing_page)
    values ('s10', 'zq-ann', 'Graz', '/'), ('s20', null, 'Wien', '/'), ('s30', 'bob', 'Linz', '/')
    """,
    "insert into raw.workflow_templates values ('t', 'T', 'bug')",
    "insert into raw.workflow_template_steps values ('t', 1, 'one', 30)",
    """
    insert into raw.workflow_instances
        (instance_id, template_id, user_id, status, started_at, completed_at)
    select
        'i' || n, 't', (array['zq-ann', 'bob'])[n % 2 + 1], 'completed',
        timestamptz '2025-12-20 08:00+00' + n * interval '2 days',
        timestamptz '2025-12-20 18:00+00' + n * interval '2 days'
    from generate_series(1, 40) as n
    """,
    """
    insert into raw.time_sessions
        (session_id, instance_id, user_id, step_index, started_at, ended_at, total_seconds,
         is_active)
    select
        't' || n, 'i' || n, i.user_id, 1, i.started_at, i.started_at + interval '9 hours',
        n * 3600, n = 3
    from generate_series(1, 40) as n
    inner join raw.workflow_instances as i on i.instance_id = 'i' || n
    """,
    "insert into raw.projects values ('p', 'P', 'active', '2026-01-01 00:00+00', null)",
    """
    insert into raw.feature_requests
        (feature_request_id, project_id, status, assigned_to_id, created_at, updated_at)
    values
    ('f1', 'p', 'open', 'zq-ann', '2026-01-02 00:00+00', '2026-01-02 00:00+00'),
    ('f2', 'p', 'open', 'bob', '2026-01-02 00:00+00', '2026-01-02 00:00+00')
    """,
    """
    update raw.feature_requests set assigned_to_id = 'zq-ann', updated_at = '2026-01-09 00:00+00'
    where feature_request_id = 'f2'
    """,
    """
    update raw.feature_requests set status = 'completed', updated_at = '2026-01-19 00:00+00'
    where feature_request_id = 'f2'
    """,
    "update raw.feature_request_changes set changed_by_id = 'zq-ann' where field = 'status'",
    "insert into raw.feature_comments values ('c', 'f1', 'zq-ann', '2026-01-05 00:00+00')",
    """
    insert into raw.user_activity_log values
    ('a', 'zq-ann', 'opened', 'feature', 'f1', '{"ip": "10.0.0.1"}', '2026-01-05 00:00+00'),
    ('b', 'bob', 'invited', 'user', 'zq-ann', '{"whom": "zq-ann"}', '2026-01-06 00:00+00')
    """,
    """
    insert into raw.dashboard_configurations (user_id, dashboard_name, layout_config)
    values ('zq-ann', 'mine', '{}'), ('bob', 'his', '{"shared_with": ["zq-ann"]}')
    """,
    """
    insert into raw.metric_points (point_id, name, value, recorded_at, tags)
    select
        gen_random_uuid(), 'users.active', n,
        timestamptz '2025-12-22 00:00+00' + n * interval '1 day',
        jsonb_build_object('by', (array['zq-ann', 'bob'])[n % 2 + 1])
    from generate_series(1, 30) as n
    """,
    """
    insert into raw.employees (employee_id, name, team_name, updated_at)
    select id, upper(id), 'core', '2026-01-01 00:00+00'
    from unnest(array['zq-ann', 'bob', 'cat']) as e (id)
    """,
    """
    insert into raw.employee_metrics (employee_id, recorded_at, burnout_score, degree_centrality)
    select
        (array['zq-ann', 'bob', 'cat'])[n % 3 + 1],
        timestamptz '2025-12-20 00:30+00' + n * interval '5 hours', 60 + n % 40, n % 7
    from generate_series(1, 200) as n
    """,
    """
    insert into raw.interventions
        (intervention_id, target_employee_id, intervention_type, status, created_at, updated_at)
    values ('v', 'zq-ann', 'talk', 'open', '2026-01-05 00:00+00', '2026-01-05 00:00+00')
    """,
    # Whatever alerts there will be about the person in these weeks.
    """
    insert into raw.alert_acknowledgements (alert_id, acknowledged_by_id, acknowledged_at)
    select
        md5(jsonb_build_array(rule_id, entity_type, 'zq-ann', 'week', week::date)::text),
        'zq-ann', '2026-02-01 00:00+00'
    from (
        values
        ('long_weeks', 'user'), ('over_estimate', 'user'), ('burnout_of_employee', 'employee')
    ) as r (rule_id, entity_type)
    cross join generate_series(timestamp '2025-12-15', '2026-03-02', '7 days') as week
    """,
    """
    insert into raw.intervention_audit_log
        (audit_id, intervention_id, action, actor_id, details, logged_at)
    values (gen_random_uuid(), 'v', 'created', 'zq-ann', '{}', '2026-01-05 00:00+00')
    """,
    """
    insert into raw.rejected_rows (table_name, source, line, reason, payload) values
    ('events', 'f.csv', 1, 'no time', 'x,zq-ann,y'), ('events', 'f.csv', 2, 'no time', 'x,zq-anna')
    """,
)
