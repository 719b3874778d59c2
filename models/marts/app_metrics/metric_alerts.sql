{{ config(unique_key=['alert_id']) }}

{% set affected %}
    select r.alert_id
    from {{ changed(ref('int_alerts__raised')) }} as r
    union all
    select a.alert_id
    from {{ changed(ref('stg_app_metrics__acknowledgements')) }} as a
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

final as (
    select
        r.alert_id,
        r.rule_id,
        r.alert_type,
        r.entity_type,
        r.entity_id,
        r.threshold_value,
        r.current_value,
        r.alert_message,
        r.severity,
        a.alert_id is not null as is_acknowledged,
        a.acknowledged_by_id,
        a.acknowledged_at,
        r.expires_at,
        r.created_at,
        r.signal,
        r.period,
        r.period_start
    from raised_alerts as r
    left join first_acknowledgements as a on r.alert_id = a.alert_id
)

select *
from final
