-- Columns of raw that dbt describes in more words than the database did.

comment on column raw.events.event_name is
'What happened: the name that the sender gave the event.';
comment on column raw.events.page_url is
'The page on which it happened, as the sender wrote it.';
comment on column raw.feature_comments.created_at is
'The instant at which it was done.';
comment on column raw.feature_comments.user_id is
'The person who wrote the comment.';
comment on column raw.feature_request_changes.changed_by_id is
'The person who made the change; null where it is not known.';
comment on column raw.intervention_audit_log.action is
'What was done about the intervention, in the application''s words.';
comment on column raw.intervention_audit_log.intervention_id is
'The intervention: something that is being done for an employee.';
comment on column raw.time_sessions.started_at is
'The instant at which it began.';
comment on column raw.user_activity_log.created_at is
'The instant at which it was done.';
comment on column raw.user_activity_log.user_id is
'The person who did it, as the application knows them.';
comment on column raw.workflow_instances.started_at is
'The instant at which it began.';
