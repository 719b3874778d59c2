{{ config(unique_key=['alert_id'], meta={'depends_on_its_past': true}) }}

{% set affected %}
    select
        j.rule_id,
        j.entity_type,
        j.entity_id
    from {{ changed(ref('int_periods__judged')) }} as j
    union all
    select
        r.rule_id,
        r.entity_type,
        r.entity_id
    from {{ changed(ref('int_runs__found')) }} as r
{% endset %}

with

{{ scope(affected) }},

-- What is on record. Whatever becomes of its rule and its values, an alert stays.
recorded_alerts as (
    select *
    from {{ own_rows() }}
    where {{ in_scope('rule_id', 'entity_type', 'entity_id') }}
),

judged_periods as (
    select *
    from {{ ref('int_periods__judged') }}
    where {{ in_scope('rule_id', 'entity_type', 'entity_id') }}
),

runs as (
    select *
    from {{ ref('int_runs__found') }}
    where {{ in_scope('rule_id', 'entity_type', 'entity_id') }}
),

-- Each with the run that its opening belongs to, and what has become of the opening: it may not
-- meet the rule any more, or nobody judges it.
placed_alerts as (
    select
        a.*,
        r.run_start,
        r.run_end,
        r.ended_at,
        o.rule_id is not null as is_judged,
        case when not o.is_met then o.period_end end as corrected_at
    from recorded_alerts as a
    left join runs as r
        on
            a.rule_id = r.rule_id
            and a.entity_type = r.entity_type
            and a.entity_id = r.entity_id
            and a.period_start between r.run_start and r.run_end
    left join judged_periods as o
        on
            a.rule_id = o.rule_id
            and a.entity_type = o.entity_type
            and a.entity_id = o.entity_id
            and a.period_start = o.period_start
),

-- Of several in one run the last goes on: an earlier release raised one a period, or a correction
-- has joined them. The others stay as they are; those of an earlier release are history.
followed_alerts as (
    select
        *,
        run_start is not null and count(*) over (
            partition by
                rule_id, entity_type, entity_id, run_start, coalesce(is_historical, false)
            order by period_start desc
        ) > 1 as is_past
    from placed_alerts
),

continued_alerts as (
    select
        a.alert_id,
        a.rule_id,
        a.alert_type,
        a.entity_type,
        a.entity_id,
        a.signal,
        a.period,
        a.period_start,
        a.threshold_value,
        coalesce(a.opened_value, a.current_value) as opened_value,
        a.created_at,
        coalesce(
            a.opened_at,
            {{ date_start('a.period_start + ' ~ days_of_period('a.period')) }}
        ) as opened_at,
        coalesce(a.is_historical, a.is_past) as is_historical,
        a.reopens_alert_id,
        coalesce(l.period_start, a.last_period_start, a.period_start) as last_period_start,
        coalesce(l.value, a.current_value) as current_value,
        coalesce(l.severity, a.severity) as severity,
        coalesce(l.alert_message, a.alert_message) as alert_message,
        case
            when not a.is_judged or a.is_past and a.is_historical is not null then a.resolved_at
            else coalesce(a.corrected_at, a.ended_at)
        end as resolved_at,
        -- What nobody judges any more has no lifetime left, whatever it was.
        case
            when not a.is_judged and a.resolved_at is null and a.is_historical is not true
                then coalesce(a.expires_at, {{ as_of() }})
            when l.rule_id is null then a.expires_at
            else l.expires_at
        end as expires_at
    from followed_alerts as a
    left join judged_periods as l
        on
            not (a.is_past or coalesce(a.is_historical, false))
            and a.rule_id = l.rule_id
            and a.entity_type = l.entity_type
            and a.entity_id = l.entity_id
            and a.run_end = l.period_start
),

met_periods as (
    select
        j.*,
        r.run_start,
        r.run_end,
        r.ended_at,
        row_number() over (
            partition by r.rule_id, r.entity_type, r.entity_id, r.run_start
            order by j.period_start
        ) as place
    from runs as r
    inner join judged_periods as j
        on
            r.rule_id = j.rule_id
            and r.entity_type = j.entity_type
            and r.entity_id = j.entity_id
            and j.period_start between r.run_start and r.run_end
),

-- A run opens at its first period that is within its lifetime. One without such a period is
-- history.
openings as (
    select distinct on (m.rule_id, m.entity_type, m.entity_id, m.run_start)
        m.*,
        coalesce(least(m.expires_at, m.retired_at) < {{ as_of() }}, false) as is_historical
    from met_periods as m
    left join recorded_alerts as a
        on
            m.rule_id = a.rule_id
            and m.entity_type = a.entity_type
            and m.entity_id = a.entity_id
            and m.period = a.period
            and m.period_start = a.period_start
    where
        m.place >= m.for_periods
        and a.alert_id is null
    order by
        m.rule_id asc, m.entity_type asc, m.entity_id asc, m.run_start asc,
        is_historical asc, m.period_start asc
),

-- A run that has an alert already needs no other. One that is history, and goes on, is of interest
-- again.
opened_alerts as (
    select
        md5(
            jsonb_build_array(o.rule_id, o.entity_type, o.entity_id, o.period, o.period_start)::text
        ) as alert_id,
        o.rule_id,
        o.alert_type,
        o.entity_type,
        o.entity_id,
        o.signal,
        o.period,
        o.period_start,
        o.threshold as threshold_value,
        o.value as opened_value,
        {{ as_of() }} as created_at,
        o.period_end as opened_at,
        o.is_historical,
        null as reopens_alert_id,
        l.period_start as last_period_start,
        l.value as current_value,
        l.severity,
        l.alert_message,
        o.ended_at as resolved_at,
        l.expires_at
    from openings as o
    inner join judged_periods as l
        on
            o.rule_id = l.rule_id
            and o.entity_type = l.entity_type
            and o.entity_id = l.entity_id
            and o.run_end = l.period_start
    where not exists (
        select 1
        from followed_alerts as a
        where
            a.rule_id = o.rule_id
            and a.entity_type = o.entity_type
            and a.entity_id = o.entity_id
            and a.run_start = o.run_start
            and (o.is_historical or not coalesce(a.is_historical, a.is_past))
    )
),

all_alerts as (
    select * from continued_alerts
    union all
    select * from opened_alerts
),

final as (
    select
        alert_id,
        rule_id,
        alert_type,
        entity_type,
        entity_id,
        signal,
        period,
        period_start,
        threshold_value,
        opened_value,
        created_at,
        opened_at,
        is_historical,
        coalesce(
            reopens_alert_id,
            case when not is_historical then lag(alert_id) over (
                partition by rule_id, entity_type, entity_id, is_historical
                order by period_start
            ) end
        ) as reopens_alert_id,
        last_period_start,
        current_value,
        severity,
        alert_message,
        resolved_at,
        expires_at
    from all_alerts
)

select *
from final
