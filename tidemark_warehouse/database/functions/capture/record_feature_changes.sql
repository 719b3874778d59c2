create or replace function ops.record_feature_changes() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' set datestyle = 'ISO, YMD'
as $$
declare
    changed_at timestamptz := case
        when new.updated_at is distinct from old.updated_at and isfinite(new.updated_at)
            then new.updated_at
        else now()
    end;
begin
    insert into raw.feature_request_changes
        (change_id, feature_request_id, field, old_value, new_value, changed_at)
    select gen_random_uuid()::text, new.feature_request_id, f.field, f.old_value, f.new_value, changed_at
    from (
        values
        ('status', old.status, new.status),
        ('priority', old.priority, new.priority),
        ('assigned_to_id', old.assigned_to_id, new.assigned_to_id),
        ('project_id', old.project_id, new.project_id),
        ('deadline', old.deadline::text, new.deadline::text),
        (
            'completed_at',
            to_char(old.completed_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            to_char(new.completed_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        )
    ) as f (field, old_value, new_value)
    where f.old_value is distinct from f.new_value;
    return null;
end
$$;

comment on function ops.record_feature_changes() is
'An update in place of raw.feature_requests is recorded as changes, unless the writer says that it keeps '
'the record itself: set tidemark.record_changes = off.';
