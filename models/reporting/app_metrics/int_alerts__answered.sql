{{ config(unique_key=['alert_id']) }}

{% set affected %}
    select r.alert_id
    from {{ changed(ref('int_alerts__raised')) }} as r
    union all
    select a.alert_id
    from {{ changed(ref('stg_app_metrics__acknowledgements')) }} as a
    union all
    select w.alert_id
    from {{ changed(ref('stg_app_metrics__withdrawals')) }} as w
    union all
    -- The clock alone lets an alert expire.
    select e.alert_id
    from {{ ref('int_alerts__raised') }} as e
    where
        e.expires_at >= least(ops.last_as_of('intermediate.int_alerts__answered'), {{ as_of() }})
        and e.expires_at
        <= greatest(ops.last_as_of('intermediate.int_alerts__answered'), {{ as_of() }})
{% endset %}

with

{{ scope(affected) }},

raised_alerts as (
    select *
    from {{ ref('int_alerts__raised') }}
    where {{ in_scope('alert_id') }}
),

first_acknowledgements as (
    select distinct on (alert_id) *
    from {{ ref('stg_app_metrics__acknowledgements') }}
    where {{ in_scope('alert_id') }}
    order by alert_id asc, acknowledged_at asc, acknowledged_by_id asc
),

withdrawals as (
    select *
    from {{ ref('stg_app_metrics__withdrawals') }}
    where {{ in_scope('alert_id') }}
),

final as (
    select
        r.alert_id,
        r.rule_id,
        r.alert_type,
        r.entity_type,
        r.entity_id,
        case
            when w.alert_id is not null then 'withdrawn'
            when r.is_historical then 'historical'
            when r.resolved_at is not null then 'resolved'
            when r.expires_at <= {{ as_of() }} then 'expired'
            else 'firing'
        end as state,
        r.threshold_value,
        r.opened_value,
        r.current_value,
        r.alert_message,
        r.severity,
        a.alert_id is not null as is_acknowledged,
        a.acknowledged_by_id,
        a.acknowledged_at,
        r.opened_at,
        {{ date_start('r.last_period_start') }} as last_period_start,
        r.resolved_at,
        r.expires_at,
        r.created_at,
        r.reopens_alert_id,
        w.withdrawn_by_id,
        w.withdrawn_at,
        r.signal,
        r.period,
        r.period_start
    from raised_alerts as r
    left join first_acknowledgements as a on r.alert_id = a.alert_id
    left join withdrawals as w on r.alert_id = w.alert_id
)

select *
from final
