{{ config(unique_key=['alert_id'], meta={'keeps_record': true}) }}

{% set affected %}
    -- A changed value is judged, and with it the eight weeks after it, to whose range it belongs.
    select
        s.entity_type,
        s.entity_id,
        s.signal,
        s.period,
        s.period_start
    from {{ changed(ref('int_signals__gathered')) }} as c
    inner join {{ ref('int_signals__gathered') }} as s
        on
            c.entity_type = s.entity_type
            and c.entity_id = s.entity_id
            and c.signal = s.signal
            and c.period = s.period
            and s.period_start between c.period_start and c.period_start + 56
    union all
    -- A new rule judges everything that there is.
    select
        s.entity_type,
        s.entity_id,
        s.signal,
        s.period,
        s.period_start
    from {{ changed(ref('int_alert_rules__checked')) }} as r
    inner join {{ ref('int_signals__gathered') }} as s
        on r.entity_type = s.entity_type and r.signal = s.signal and r.period = s.period
    union all
    -- A period that the clock has completed.
    select
        s.entity_type,
        s.entity_id,
        s.signal,
        s.period,
        s.period_start
    from {{ changed(ref('int_periods__ended')) }} as c
    inner join {{ ref('int_periods__ended') }} as e
        on c.period = e.period and c.last_start < e.last_start
    inner join {{ ref('int_signals__gathered') }} as s
        on
            e.period = s.period
            and c.last_start < s.period_start
            and e.last_start >= s.period_start
{% endset %}

with

{{ scope(affected) }},

rules as (
    select *
    from {{ ref('int_alert_rules__checked') }}
),

complete_signals as (
    select s.*
    from {{ ref('int_signals__gathered') }} as s
    inner join {{ ref('int_periods__ended') }} as e
        on s.period = e.period and s.period_start <= e.last_start
    where {{ in_scope('s.entity_type', 's.entity_id', 's.signal', 's.period', 's.period_start') }}
),

-- Only a rule that asks for it reads the eight weeks before.
judged_signals as (
    select
        r.rule_id,
        r.alert_type,
        r.threshold,
        r.severity,
        r.lifetime_hours,
        s.*,
        {{ alert_message('r', 's') }} as message,
        {{ is_breached('r', 's.value', 'ranged.score') }} as is_breached
    from complete_signals as s
    inner join rules as r
        on s.entity_type = r.entity_type and s.signal = r.signal and s.period = r.period
    left join lateral (
        select
            ops.anomaly_score(
                s.value, s.period_start, array_agg(h.period_start), array_agg(h.value)
            ) as score
        from {{ ref('int_signals__gathered') }} as h
        where
            r.comparison = 'anomaly'
            and h.entity_type = s.entity_type
            and h.entity_id = s.entity_id
            and h.signal = s.signal
            and h.period = s.period
            and h.period_start >= s.period_start - 56
            and h.period_start < s.period_start
    ) as ranged on true
),

final as (
    select
        md5(jsonb_build_array(rule_id, entity_type, entity_id, period, period_start)::text)
            as alert_id,
        rule_id,
        alert_type,
        entity_type,
        entity_id,
        signal,
        period,
        period_start,
        threshold as threshold_value,
        value as current_value,
        message as alert_message,
        severity,
        {{ as_of() }} as created_at,
        {{ as_of() }} + lifetime_hours * interval '1 hour' as expires_at
    from judged_signals
    where is_breached
)

select *
from final
