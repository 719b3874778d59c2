create or replace function api.intervention_audit(
    start_at timestamptz, end_at timestamptz, intervention_id text default null, action text default null
)
returns setof api.audit_entry
language plpgsql stable set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
begin
    perform ops.check_people_reader();
    perform ops.check_span(start_at, end_at);
    perform ops.check_built('marts_people.intervention_audit_log');
    return query
    select a.audit_id, a.intervention_id, a.action, a.actor_id, a.details, a.logged_at
    from marts_people.intervention_audit_log as a
    where
        a.logged_at >= start_at
        and a.logged_at < end_at
        and (intervention_audit.intervention_id is null or a.intervention_id = intervention_audit.intervention_id)
        and (intervention_audit.action is null or a.action = intervention_audit.action)
    order by a.logged_at, a.audit_id;
end
$$;

comment on function api.intervention_audit(timestamptz, timestamptz, text, text) is
'Who did what about interventions: the entries of a range of time, oldest first. For tidemark_people_reader. start_at '
'belongs to the range, end_at does not; intervention_id and action: one of them, null for all. Refuses a role that '
'may not read about people, a range without an instant, and a mart that is not built yet.';

grant execute on function api.intervention_audit(timestamptz, timestamptz, text, text) to tidemark_reader;
