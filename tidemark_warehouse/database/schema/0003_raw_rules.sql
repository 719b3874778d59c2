-- Rules of single raw tables: the record of feature changes, and the audit log that nobody edits.

create trigger record_changes after update on raw.feature_requests
for each row
when (coalesce(current_setting('tidemark.record_changes', true), '') <> 'off')
execute function ops.record_feature_changes();

create trigger refuse_change before update or delete on raw.intervention_audit_log
for each statement execute function ops.refuse_change('raw.intervention_audit_log');
create trigger refuse_row_change before update or delete on raw.intervention_audit_log
for each row execute function ops.refuse_change('raw.intervention_audit_log');

select ops.ensure_partitions();
