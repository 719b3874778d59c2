-- What the revised contract adds to raw and api.

alter table raw.alert_acknowledgements add column if not exists note text;
comment on column raw.alert_acknowledgements.note is 'What whoever acknowledged the alert wanted to say.';
grant insert (note) on raw.alert_acknowledgements to tidemark_loader;

-- Deadlines are recorded as the other fields of a feature are.
alter table raw.feature_request_changes drop constraint feature_request_changes_field_check;
alter table raw.feature_request_changes add constraint feature_request_changes_field_check
check (field in ('status', 'priority', 'assigned_to_id', 'project_id', 'completed_at', 'deadline'));
