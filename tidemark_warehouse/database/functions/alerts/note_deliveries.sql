create or replace function ops.note_deliveries(channels text[], now_at timestamptz) returns bigint
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
    noted bigint;
begin
    perform ops.check_built(
        'seeds.alert_channels', 'marts.metric_alerts', 'marts_people.metric_alerts', 'marts_people.dim_employees'
    );
    -- What is to be told follows from what was told: two at a time would say it twice.
    lock table ops.alert_deliveries in share row exclusive mode;
    with failing as materialized (
        select 'failed ' || f.kind || ' ' || f.relation as alert_id, f.failed_at from ops.failing() as f
    ),

    -- What failed is an alert without a row; it is over when the same works again.
    failures as (
        select f.alert_id, 'firing' as state, f.failed_at as opened_at, null::timestamptz as resolved_at
        from failing as f
        union all
        select d.alert_id, 'resolved', min(d.changed_at), note_deliveries.now_at
        from ops.alert_deliveries as d
        where d.alert_id like 'failed %' and d.alert_id not in (select f.alert_id from failing as f)
        group by d.alert_id
    ),

    alerts as (
        select
            a.alert_id, a.rule_id, a.state, a.severity, a.is_acknowledged, a.opened_at, a.resolved_at,
            null as team, false as is_about_people
        from marts.metric_alerts as a
        union all
        select
            a.alert_id, a.rule_id, a.state, a.severity, a.is_acknowledged, a.opened_at, a.resolved_at,
            case a.entity_type when 'team' then a.entity_id else e.team_name end,
            true
        from marts_people.metric_alerts as a
        left join marts_people.dim_employees as e on a.entity_type = 'employee' and a.entity_id = e.employee_id
        union all
        select
            f.alert_id, 'failed_' || split_part(f.alert_id, ' ', 2), f.state, 'high', false, f.opened_at, f.resolved_at,
            null, false
        from failures as f
    ),

    -- A channel of a team is told about its people and nothing else; one without a team of all but people.
    concerned as (
        select
            c.channel,
            c.repeat_hours::numeric as repeat_hours,
            coalesce(ops.severity_rank(a.severity) >= ops.severity_rank(c.minimum_severity), true) as is_severe,
            a.*
        from seeds.alert_channels as c
        inner join alerts as a
            on
                (c.rule_pattern is null or a.rule_id like replace(replace(replace(replace(
                    c.rule_pattern, '\', '\\'
                ), '%', '\%'), '_', '\_'), '*', '%'))
                and case when a.is_about_people then c.team in ('*', a.team) else c.team is null end
        where
            c.channel = any(note_deliveries.channels)
            and a.state in ('firing', 'resolved')
            and not exists (select 1 from ops.untold_alerts as u where u.alert_id = a.alert_id)
    ),

    changes as (
        select
            c.channel,
            c.alert_id,
            c.severity,
            case
                when c.state = 'resolved' then case when told.change <> 'resolved' then 'resolved' end
                when not c.is_severe then null
                when coalesce(told.change, 'resolved') = 'resolved' then case when not c.is_acknowledged then 'opened' end
                when ops.severity_rank(c.severity) > ops.severity_rank(told.severity) then 'risen'
                when
                    not c.is_acknowledged
                    and told.delivered_at <= note_deliveries.now_at - c.repeat_hours * interval '1 hour'
                    then 'repeated'
            end as change,
            c.opened_at,
            c.resolved_at
        from concerned as c
        left join lateral (
            select d.change, d.severity, d.delivered_at
            from ops.alert_deliveries as d
            where d.alert_id = c.alert_id and d.channel = c.channel
            order by d.place desc
            limit 1
        ) as told on true
    )

    insert into ops.alert_deliveries (channel, alert_id, change, severity, changed_at)
    select
        c.channel,
        c.alert_id,
        c.change,
        c.severity,
        case c.change when 'opened' then c.opened_at when 'resolved' then c.resolved_at else note_deliveries.now_at end
    from changes as c
    where c.change is not null
    order by c.opened_at, c.alert_id, c.channel;
    get diagnostics noted = row_count;
    return noted;
end
$$;

comment on function ops.note_deliveries(text[], timestamptz) is
'Writes into ops.alert_deliveries what these channels (of seeds.alert_channels) have not been told of alerts and '
'of models, seeds and tests that failed: opened, risen in severity, resolved, and repeated for those that nobody has '
'acknowledged. Returns how many.';

revoke execute on function ops.note_deliveries(text[], timestamptz) from public;
