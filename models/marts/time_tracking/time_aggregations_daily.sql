{{ config(unique_key=['user_id', 'date', 'ticket_type']) }}

{% set affected %}
    select
        c.user_id,
        c.completed_date as date,
        c.ticket_type
    from {{ changed(ref('workflow_completions')) }} as c
{% endset %}

with

{{ scope(affected) }},

completions as (
    select *
    from {{ ref('workflow_completions') }}
    where {{ in_scope('user_id', 'completed_date as date', 'ticket_type') }}
),

final as (
    select
        user_id,
        completed_date as date,
        ticket_type,
        count(*) as workflows_completed,
        sum(active_seconds) as total_active_seconds,
        sum(estimated_seconds) as total_estimated_seconds,
        sum(paused_seconds) as total_paused_seconds,
        sum(active_seconds) / nullif(sum(estimated_seconds), 0) as avg_efficiency_ratio
    from completions
    group by user_id, completed_date, ticket_type
)

select *
from final
