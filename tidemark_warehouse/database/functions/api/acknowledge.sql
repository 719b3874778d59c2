create or replace function api.acknowledge(alert_id text, note text default null) returns text
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform ops.check_given('alert_id', alert_id);
    -- To whoever may not read about people, an alert about them does not exist.
    if
        exists (
            select 1
            from marts_people.metric_alerts as a
            where a.alert_id = acknowledge.alert_id
        )
        and not has_schema_privilege(session_user, 'marts_people', 'usage')
    then
        raise exception 'there is no alert %', acknowledge.alert_id
            using errcode = 'no_data_found', hint = 'tidemark alerts lists those that there are';
    end if;
    return ops.answer_alert(acknowledge.alert_id, 'ack', session_user, acknowledge.note);
end
$$;

comment on function api.acknowledge(text, text) is
'Says that somebody has seen an alert, visibly at once: whoever is connected. For tidemark_operator. alert_id: of an '
'alert that the caller may read; note: what was found, for those who read it later. One row: the state of the alert. '
'Refuses an alert that there is not, or that the caller may not read, and marts that are not built yet.';

revoke execute on function api.acknowledge(text, text) from public;
grant execute on function api.acknowledge(text, text) to tidemark_operator;
