-- Whoever writes into raw, and whoever looks at it, reads there what its columns mean. dbt's sources say the same.

comment on table raw.workflow_templates is 'One row per workflow template.';
comment on column raw.workflow_templates.template_id is
'Names the template for ever; instances and steps refer to it.';
comment on column raw.workflow_templates.name is 'What people call it.';
comment on column raw.workflow_templates.ticket_type is
'The kind of work, by which times are compared: bug, feature, ...';
comment on column raw.workflow_templates.updated_at is
'When the row was last changed at its source: of two deliveries tidemark load keeps the later one.';
comment on column raw.workflow_templates._xid is
'The transaction that wrote the row, by which builds see what is new; written by the database alone.';

comment on table raw.workflow_template_steps is 'One row per step of a template.';
comment on column raw.workflow_template_steps.template_id is
'The template. One that has no row of its own has the ticket type (unknown).';
comment on column raw.workflow_template_steps.step_index is
'The place of the step in its template, as the application numbers it.';
comment on column raw.workflow_template_steps.name is 'What people call it.';
comment on column raw.workflow_template_steps.estimated_minutes is
'How long it should take, in minutes; null where nobody has estimated it.';
comment on column raw.workflow_template_steps._xid is
'The transaction that wrote the row, by which builds see what is new; written by the database alone.';

comment on table raw.workflow_instances is 'One row per workflow that somebody started.';
comment on column raw.workflow_instances.instance_id is 'Names the workflow for ever; its sessions refer to it.';
comment on column raw.workflow_instances.template_id is 'The template that it follows.';
comment on column raw.workflow_instances.user_id is 'Who it belongs to; a session of somebody else may say so.';
comment on column raw.workflow_instances.ticket_id is 'The ticket that it is about.';
comment on column raw.workflow_instances.status is
'As the application calls it. Not read: a workflow is complete when completed_at is set.';
comment on column raw.workflow_instances.started_at is 'When it began.';
comment on column raw.workflow_instances.completed_at is
'When it was completed; null until then. It says in which date, week and month the work counts.';
comment on column raw.workflow_instances.updated_at is
'When the row was last changed at its source: of two deliveries tidemark load keeps the later one.';
comment on column raw.workflow_instances._xid is
'The transaction that wrote the row, by which builds see what is new; written by the database alone.';

comment on table raw.time_sessions is 'One row per stretch of work on one step of a workflow.';
comment on column raw.time_sessions.session_id is 'Names the session for ever.';
comment on column raw.time_sessions.instance_id is
'The workflow. A session of an unknown one is in no mart until it is known (tidemark workflows).';
comment on column raw.time_sessions.user_id is 'Who worked; null means the owner of the workflow.';
comment on column raw.time_sessions.step_index is 'The step that was worked on.';
comment on column raw.time_sessions.started_at is 'When it began.';
comment on column raw.time_sessions.ended_at is 'When it ended; null while it goes on.';
comment on column raw.time_sessions.total_seconds is
'Active time in seconds, without pauses; null means ended_at - started_at - pauses.';
comment on column raw.time_sessions.total_paused_seconds is 'Pauses in seconds.';
comment on column raw.time_sessions.is_active is
'Whether it goes on. An inactive session is removed from raw a month after it ended.';
comment on column raw.time_sessions.updated_at is
'When the row was last changed at its source: of two deliveries tidemark load keeps the later one.';
comment on column raw.time_sessions._xid is
'The transaction that wrote the row, by which builds see what is new; written by the database alone.';

comment on table raw.events is 'One row per event.';
comment on column raw.events.event_id is
'Names the event for ever: the same id and time again changes nothing.';
comment on column raw.events.event_type is 'track; identify and alias say who a distinct_id is.';
comment on column raw.events.event_name is 'What happened.';
comment on column raw.events.event_at is 'When it happened, by the clock of whoever reports it.';
comment on column raw.events.distinct_id is
'Who did it, as far as the tracker knows: a device, a visitor or a user.';
comment on column raw.events.user_id is
'The user, where they are known; of an event that names both, this distinct_id is that user.';
comment on column raw.events.session_id is 'The visit; null where nobody says.';
comment on column raw.events.environment is
'Where the product ran: production, staging, ...; null is production.';
comment on column raw.events.properties is
'What else is known of the event: an object, by which funnels filter and breakdowns count.';
comment on column raw.events.context is
'What is known of its surroundings: the device, the campaign, ...; read where properties say nothing.';
comment on column raw.events.page_url is 'The page on which it happened.';
comment on column raw.events.referrer is 'From where the visitor came.';
comment on column raw.events._xid is
'The transaction that wrote the row, by which builds see what is new; written by the database alone.';

comment on table raw.identities is 'One row per anonymous id whose user is known.';
comment on column raw.identities.distinct_id is 'An id that is not the user''s own.';
comment on column raw.identities.user_id is
'Whose it is. This wins over what events say, and re-assigns the past.';
comment on column raw.identities.updated_at is
'When the row was last changed at its source: of two deliveries tidemark load keeps the later one.';
comment on column raw.identities._xid is
'The transaction that wrote the row, by which builds see what is new; written by the database alone.';

comment on table raw.sessions is 'One row per session that something is known of beyond its events.';
comment on column raw.sessions.session_id is 'The visit, as its events name it.';
comment on column raw.sessions.environment is 'Where the product ran; null is production.';
comment on column raw.sessions.user_id is 'The user, where they are known.';
comment on column raw.sessions.started_at is
'When it began, as the tracker says; marts take the time of its events.';
comment on column raw.sessions.ended_at is
'When it ended, as the tracker says; marts take the time of its events.';
comment on column raw.sessions.device_type is 'desktop, mobile, tablet, ...';
comment on column raw.sessions.browser is 'The browser.';
comment on column raw.sessions.os is 'The operating system.';
comment on column raw.sessions.country is 'From which country it came.';
comment on column raw.sessions.city is 'From which city it came.';
comment on column raw.sessions.referrer is 'From where the visitor came.';
comment on column raw.sessions.landing_page is 'The first page.';
comment on column raw.sessions.exit_page is 'The last page.';
comment on column raw.sessions.updated_at is
'When the row was last changed at its source: of two deliveries tidemark load keeps the later one.';
comment on column raw.sessions._xid is
'The transaction that wrote the row, by which builds see what is new; written by the database alone.';

comment on table raw.projects is 'One row per project.';
comment on column raw.projects.project_id is 'Names the project for ever; features refer to it.';
comment on column raw.projects.title is 'What people call it.';
comment on column raw.projects.status is 'As the application calls it.';
comment on column raw.projects.created_at is 'When it was made.';
comment on column raw.projects.updated_at is
'When the row was last changed at its source: of two deliveries tidemark load keeps the later one.';
comment on column raw.projects._xid is
'The transaction that wrote the row, by which builds see what is new; written by the database alone.';

comment on table raw.feature_requests is 'One row per feature request, as it stands.';
comment on column raw.feature_requests.feature_request_id is 'Names the feature for ever.';
comment on column raw.feature_requests.project_id is
'The project that it is in now. An unknown one is listed without a title.';
comment on column raw.feature_requests.title is 'What people call it.';
comment on column raw.feature_requests.status is
'Its present status. A feature is completed when completed_at is set, or in a status of var completed_statuses.';
comment on column raw.feature_requests.priority is 'As the application calls it.';
comment on column raw.feature_requests.assigned_to_id is 'Who works on it; null for nobody.';
comment on column raw.feature_requests.complexity_score is 'How hard it is thought to be, in the application''s own unit.';
comment on column raw.feature_requests.deadline is 'The date by which it should be completed; null for none.';
comment on column raw.feature_requests.created_at is 'When it was asked for: its first status begins then.';
comment on column raw.feature_requests.completed_at is 'When it was completed; null until then.';
comment on column raw.feature_requests.updated_at is
'When the row was last changed at its source: of two deliveries tidemark load keeps the later one.';
comment on column raw.feature_requests._xid is
'The transaction that wrote the row, by which builds see what is new; written by the database alone.';

comment on table raw.feature_request_changes is 'One row per change of one field of a feature request.';
comment on column raw.feature_request_changes.change_id is 'Names the change for ever.';
comment on column raw.feature_request_changes.feature_request_id is 'The feature.';
comment on column raw.feature_request_changes.field is
'What changed: status, priority, assigned_to_id, project_id, completed_at or deadline.';
comment on column raw.feature_request_changes.old_value is 'What it was, as text; null for nothing.';
comment on column raw.feature_request_changes.new_value is 'What it is since, as text; null for nothing.';
comment on column raw.feature_request_changes.changed_by_id is 'Who changed it.';
comment on column raw.feature_request_changes.changed_at is
'When. Without a source that tells it, a trigger on feature_requests does.';
comment on column raw.feature_request_changes._xid is
'The transaction that wrote the row, by which builds see what is new; written by the database alone.';

comment on table raw.feature_comments is 'One row per comment on a feature request.';
comment on column raw.feature_comments.comment_id is 'Names the comment for ever.';
comment on column raw.feature_comments.feature_request_id is 'The feature.';
comment on column raw.feature_comments.user_id is 'Who wrote it.';
comment on column raw.feature_comments.created_at is 'When.';
comment on column raw.feature_comments._xid is
'The transaction that wrote the row, by which builds see what is new; written by the database alone.';

comment on table raw.user_activity_log is 'One row per thing that somebody did in the application.';
comment on column raw.user_activity_log.activity_id is 'Names the entry for ever.';
comment on column raw.user_activity_log.user_id is 'Who did it.';
comment on column raw.user_activity_log.action_type is 'What they did.';
comment on column raw.user_activity_log.entity_type is 'To what kind of thing.';
comment on column raw.user_activity_log.entity_id is 'To which one.';
comment on column raw.user_activity_log.metadata is 'What else the application says of it.';
comment on column raw.user_activity_log.created_at is 'When.';
comment on column raw.user_activity_log._xid is
'The transaction that wrote the row, by which builds see what is new; written by the database alone.';

comment on table raw.dashboard_configurations is 'One row per dashboard of a user.';
comment on column raw.dashboard_configurations.user_id is 'Whose dashboard of the application it is.';
comment on column raw.dashboard_configurations.dashboard_name is 'Its name, unique for the user.';
comment on column raw.dashboard_configurations.layout_config is 'Its layout, as the application writes it.';
comment on column raw.dashboard_configurations.widget_settings is 'The settings of its widgets, as the application writes them.';
comment on column raw.dashboard_configurations.is_default is 'Whether it opens first.';
comment on column raw.dashboard_configurations.is_shared is 'Whether others see it.';
comment on column raw.dashboard_configurations.updated_at is
'When the row was last changed at its source: of two deliveries tidemark load keeps the later one.';
comment on column raw.dashboard_configurations._xid is
'The transaction that wrote the row, by which builds see what is new; written by the database alone.';

comment on table raw.alert_acknowledgements is 'One row per time that somebody acknowledged an alert.';
comment on column raw.alert_acknowledgements.alert_id is 'The alert, as marts.metric_alerts names it.';
comment on column raw.alert_acknowledgements.acknowledged_by_id is 'Who has seen it.';
comment on column raw.alert_acknowledgements.acknowledged_at is 'When; the first one counts.';
comment on column raw.alert_acknowledgements.note is 'What whoever acknowledged the alert wanted to say.';
comment on column raw.alert_acknowledgements._xid is
'The transaction that wrote the row, by which builds see what is new; written by the database alone.';

comment on table raw.metric_points is 'One row per measured point.';
comment on column raw.metric_points.point_id is 'Names the point for ever.';
comment on column raw.metric_points.name is 'The metric, as the application names it.';
comment on column raw.metric_points.metric_type is
'counter, gauge, histogram or timer; the latest point of a name says it for all.';
comment on column raw.metric_points.value is 'What was measured.';
comment on column raw.metric_points.recorded_at is 'When.';
comment on column raw.metric_points.tags is
'What tells the metric''s series apart: an object, {} for none.';
comment on column raw.metric_points.unit is
'The unit of value: ms, bytes, ...; the latest point of a name says it for all.';
comment on column raw.metric_points._xid is
'The transaction that wrote the row, by which builds see what is new; written by the database alone.';

comment on table raw.employees is 'One row per employee.';
comment on column raw.employees.employee_id is
'Names the person for ever; metrics and interventions refer to it.';
comment on column raw.employees.name is 'What they are called.';
comment on column raw.employees.team_name is
'Their present team; null for none. The past counts for it too.';
comment on column raw.employees.updated_at is
'When the row was last changed at its source: of two deliveries tidemark load keeps the later one.';
comment on column raw.employees._xid is
'The transaction that wrote the row, by which builds see what is new; written by the database alone.';

comment on table raw.employee_metrics is 'One row per employee and time of a measurement.';
comment on column raw.employee_metrics.employee_id is 'The person.';
comment on column raw.employee_metrics.recorded_at is 'When it was measured.';
comment on column raw.employee_metrics.degree_centrality is 'The share of colleagues to whom they are connected, 0 to 1.';
comment on column raw.employee_metrics.betweenness_centrality is 'How often they lie on the way between two others, 0 to 1.';
comment on column raw.employee_metrics.clustering_coeff is 'How closely their contacts know each other, 0 to 1.';
comment on column raw.employee_metrics.burnout_score is
'How loaded they are, 0 to 100; var burnout_threshold says from where on it is an alert.';
comment on column raw.employee_metrics._xid is
'The transaction that wrote the row, by which builds see what is new; written by the database alone.';

comment on table raw.interventions is 'One row per intervention.';
comment on column raw.interventions.intervention_id is 'Names the intervention for ever.';
comment on column raw.interventions.target_employee_id is 'For whom it is.';
comment on column raw.interventions.intervention_type is 'What is done.';
comment on column raw.interventions.status is
'How it stands; var closed_intervention_statuses says which statuses end it.';
comment on column raw.interventions.created_at is 'When it began.';
comment on column raw.interventions.updated_at is
'When the row was last changed at its source: of two deliveries tidemark load keeps the later one.';
comment on column raw.interventions._xid is
'The transaction that wrote the row, by which builds see what is new; written by the database alone.';

comment on table raw.intervention_audit_log is 'One row per entry about an intervention; only ever added to.';
comment on column raw.intervention_audit_log.audit_id is 'Names the entry for ever.';
comment on column raw.intervention_audit_log.intervention_id is 'The intervention.';
comment on column raw.intervention_audit_log.action is 'What was done.';
comment on column raw.intervention_audit_log.actor_id is 'Who did it.';
comment on column raw.intervention_audit_log.details is 'What else was written down.';
comment on column raw.intervention_audit_log.logged_at is
'When. Rows are only ever added: the database refuses to change or remove one.';
comment on column raw.intervention_audit_log._xid is
'The transaction that wrote the row, by which builds see what is new; written by the database alone.';

comment on table raw.rejected_rows is 'One row per row of a file that could not be loaded.';
comment on column raw.rejected_rows.table_name is 'The table of raw that could not take the row.';
comment on column raw.rejected_rows.source is 'The file that it was in.';
comment on column raw.rejected_rows.line is 'The line of the file.';
comment on column raw.rejected_rows.reason is 'What is wrong with it.';
comment on column raw.rejected_rows.payload is 'The row as it stood in the file; it may name people.';
comment on column raw.rejected_rows.rejected_at is 'When it was rejected.';
