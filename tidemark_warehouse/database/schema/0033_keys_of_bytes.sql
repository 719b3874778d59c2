-- What may become part of a key of some model holds at most 512 bytes: an index entry has room for 2,704, and a key has
-- up to four such columns. Not validated: longer ones that are there already stay, are in no model, and are warned of
-- (staging: can_be_key). An id that a row must have is not empty either.

-- Of the record of changes, the values of these fields become keys; of another field it may hold any text.
alter table raw.feature_request_changes
add constraint old_value_has_at_most_512_bytes check (
    octet_length(old_value) <= 512 or field not in ('status', 'project_id', 'assigned_to_id')
) not valid,
add constraint new_value_has_at_most_512_bytes check (
    octet_length(new_value) <= 512 or field not in ('status', 'project_id', 'assigned_to_id')
) not valid;

do $$
declare
    listed record;
begin
    for listed in
        select t.table_name, c.column_name, t.columns[1] = '' as is_optional
        from (
            values
            ('workflow_templates', '{template_id,ticket_type}'),
            ('workflow_template_steps', '{template_id}'),
            ('workflow_instances', '{instance_id,template_id,user_id}'),
            ('time_sessions', '{session_id,instance_id}'),
            ('events', '{event_name,distinct_id}'),
            ('identities', '{distinct_id,user_id}'),
            ('sessions', '{session_id}'),
            ('projects', '{project_id}'),
            ('feature_requests', '{feature_request_id,project_id}'),
            ('feature_request_changes', '{change_id,feature_request_id}'),
            ('feature_comments', '{comment_id,feature_request_id}'),
            ('user_activity_log', '{activity_id,user_id}'),
            ('dashboard_configurations', '{user_id,dashboard_name}'),
            ('alert_acknowledgements', '{alert_id}'),
            ('metric_points', '{name}'),
            ('employees', '{employee_id}'),
            ('employee_metrics', '{employee_id}'),
            ('interventions', '{intervention_id,target_employee_id}'),
            ('intervention_audit_log', '{intervention_id}'),
            -- Not ids that a row must have: '' is none, or a word like others.
            ('time_sessions', '{"",user_id}'),
            ('events', '{"",user_id,session_id,environment}'),
            ('sessions', '{"",environment}'),
            ('feature_requests', '{"",status,assigned_to_id,priority}'),
            ('feature_request_changes', '{"",field}'),
            ('user_activity_log', '{"",action_type,entity_type,entity_id}'),
            ('employees', '{"",team_name}'),
            ('interventions', '{"",status}'),
            ('intervention_audit_log', '{"",action}')
        ) as v (table_name, names)
        cross join lateral (select v.table_name, v.names::text[] as columns) as t
        cross join lateral unnest(t.columns) as c (column_name)
        where c.column_name <> ''
    loop
        execute format(
            'alter table raw.%I add constraint %I check (octet_length(%I) between %s and 512) not valid',
            listed.table_name,
            listed.column_name || case when listed.is_optional then '_has_at_most_512_bytes'
                else '_has_1_to_512_bytes' end,
            listed.column_name,
            case when listed.is_optional then 0 else 1 end
        );
    end loop;

    -- Where all rows keep the rule nobody has to look for others.
    for listed in
        select c.conrelid::regclass as table_name, c.conname
        from pg_constraint as c
        where c.conname like '%\_512\_bytes' and c.conparentid = 0 and not c.convalidated
    loop
        begin
            execute format('alter table %s validate constraint %I', listed.table_name, listed.conname);
        exception
            when check_violation then null;
        end;
    end loop;
end
$$;
