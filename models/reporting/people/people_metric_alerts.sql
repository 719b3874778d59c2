{{ config(alias='metric_alerts', unique_key=['alert_id']) }}

{% set affected %}
    select a.alert_id
    from {{ changed(ref('int_alerts__answered')) }} as a
{% endset %}

with

{{ scope(affected) }},

final as (
    select
        alert_id,
        rule_id,
        alert_type,
        entity_type,
        entity_id,
        state,
        threshold_value,
        opened_value,
        current_value,
        alert_message,
        severity,
        is_acknowledged,
        acknowledged_by_id,
        acknowledged_at,
        opened_at,
        last_period_start,
        resolved_at,
        expires_at,
        created_at,
        reopens_alert_id,
        withdrawn_by_id,
        withdrawn_at,
        signal,
        period,
        period_start
    from {{ ref('int_alerts__answered') }}
    where
        entity_type in ('employee', 'team')
        and {{ in_scope('alert_id') }}
)

select *
from final
