-- Delivery: indexes by feature on the record of changes and the comments, and the history of rows.

create index feature_request_changes_feature
on raw.feature_request_changes (feature_request_id, field, changed_at);
create index feature_comments_feature on raw.feature_comments (feature_request_id);

create schema snapshots;
comment on schema snapshots is
'The history of rows that have no record of changes. Employees are among them: granted to nobody';
