{{ config(unique_key=['user_id', 'ticket_type']) }}

{% set affected %}
    with today as (
        select
            min(e.last_start) + 1 as last_today,
            max(e.last_start) + 1 as latest_today
        from {{ changed(ref('int_periods__ended')) }} as e
        where e.period = 'day'
    )

    select
        c.user_id,
        c.ticket_type
    from {{ changed(ref('workflow_completions')) }} as c
    union all
    -- Today has come to a completion that lay ahead.
    select
        c.user_id,
        c.ticket_type
    from today as t
    inner join {{ ref('workflow_completions') }} as c
        on t.last_today < c.completed_date and t.latest_today >= c.completed_date
{% endset %}

with

{{ scope(affected) }},

completions as (
    select *
    from {{ ref('workflow_completions') }}
    where {{ in_scope('user_id', 'ticket_type') }}
),

final as (
    select
        user_id,
        ticket_type,
        count(*) as workflows_completed,
        avg(active_seconds) as avg_active_seconds,
        avg(paused_seconds) as avg_paused_seconds,
        avg(estimated_seconds) as avg_estimated_seconds,
        sum(active_seconds) / nullif(sum(estimated_seconds), 0) as efficiency_ratio,
        min(completed_date) filter (where {{ in_history('completed_date') }})
            as first_completed_date,
        max(completed_date) filter (where {{ in_history('completed_date') }})
            as last_completed_date
    from completions
    group by user_id, ticket_type
)

select *
from final
