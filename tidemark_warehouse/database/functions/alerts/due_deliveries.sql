create or replace function ops.due_deliveries(of_channel text, most integer)
returns table (
    place bigint,
    delivery_id uuid,
    alert_id text,
    change text,
    rule_id text,
    entity_type text,
    entity_id text,
    severity text,
    message text,
    changed_at timestamptz
)
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    select
        d.place,
        d.delivery_id,
        d.alert_id,
        d.change,
        coalesce(a.rule_id, 'failed_' || failed.words[1]),
        coalesce(a.entity_type, failed.words[1]),
        coalesce(a.entity_id, failed.words[2]),
        d.severity,
        -- Why it failed may hold what a channel's readers must not see.
        coalesce(
            a.alert_message,
            failed.words[1] || ' ' || failed.words[2]
            || case d.change when 'resolved' then ' works again' else ' failed; tidemark status says why' end
        ),
        d.changed_at
    from ops.alert_deliveries as d
    left join (
        select m.alert_id, m.rule_id, m.entity_type, m.entity_id, m.alert_message from marts.metric_alerts as m
        union all
        select m.alert_id, m.rule_id, m.entity_type, m.entity_id, m.alert_message from marts_people.metric_alerts as m
    ) as a on d.alert_id = a.alert_id
    cross join lateral regexp_match(d.alert_id, '^failed (model|seed|test) (.*)$') as failed (words)
    where d.channel = of_channel and d.delivered_at is null
    order by d.place
    limit most;
end
$$;

comment on function ops.due_deliveries(text, integer) is
'What a channel is still to be told, in order, with what the alerts say now; at most so many.';

revoke execute on function ops.due_deliveries(text, integer) from public;
