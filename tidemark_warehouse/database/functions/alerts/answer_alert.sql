create or replace function ops.answer_alert(alert text, answer text, by_id text, note text) returns text
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
    target regclass;
    entity text;
begin
    perform ops.check_built('intermediate.int_alerts__answered', 'marts.metric_alerts', 'marts_people.metric_alerts');
    select a.entity_type into entity from intermediate.int_alerts__answered as a where a.alert_id = alert;
    if entity is null then
        raise exception 'there is no alert %', coalesce(alert, 'null')
            using errcode = 'no_data_found', hint = 'tidemark alerts lists those that there are';
    end if;
    case answer
        when 'ack' then
            insert into raw.alert_acknowledgements (alert_id, acknowledged_by_id, acknowledged_at, note)
            values (alert, by_id, clock_timestamp(), note);
        when 'withdraw' then
            insert into ops.alert_withdrawals (alert_id, withdrawn_by_id, note)
            values (alert, by_id, note)
            on conflict (alert_id) do nothing;
    end case;
    -- What the next build gives, at once: it finds the rows equal, and leaves them alone.
    foreach target in array array[
        'intermediate.int_alerts__answered'::regclass,
        case when entity in ('employee', 'team') then 'marts_people.metric_alerts' else 'marts.metric_alerts' end::regclass
    ] loop
        execute format(
            'update %s as m set '
            'state = case when w.alert_id is null then m.state else ''withdrawn'' end, '
            'withdrawn_by_id = w.withdrawn_by_id, withdrawn_at = w.withdrawn_at, '
            'is_acknowledged = a.alert_id is not null, '
            'acknowledged_by_id = a.acknowledged_by_id, acknowledged_at = a.acknowledged_at '
            'from (select $1 as alert_id) as this '
            'left join ops.alert_withdrawals as w on this.alert_id = w.alert_id '
            'left join lateral (select k.* from raw.alert_acknowledgements as k where k.alert_id = this.alert_id '
            'order by k.acknowledged_at, k.acknowledged_by_id limit 1) as a on true '
            'where m.alert_id = this.alert_id', target
        ) using alert;
    end loop;
    return (select a.state from intermediate.int_alerts__answered as a where a.alert_id = alert);
end
$$;

comment on function ops.answer_alert(text, text, text, text) is
'Answers an alert, visibly at once: answer is ack (somebody has seen it) or withdraw (it was none: a wrong clock, a '
'wrong rule). by_id says who, note why. Returns its state; an unknown alert is refused.';
