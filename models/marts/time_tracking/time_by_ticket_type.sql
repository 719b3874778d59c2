{{ config(unique_key=['ticket_type', 'period_type', 'period_start']) }}

{% set affected %}
    select
        c.ticket_type,
        period.period_type,
        period.period_start
    from {{ changed(ref('workflow_completions')) }} as c
    cross join lateral {{ periods_of_date('c.completed_date') }}
        as period (period_type, period_start, period_end)
{% endset %}

with

{{ scope(affected) }},

-- The dates whose completions the periods in scope may hold: equality on them can use the index.
touched_dates as (
    select distinct
        scope.ticket_type,
        scope.period_start + later.days as completed_date
    from scope
    cross join lateral generate_series(
        0, case scope.period_type when 'day' then 0 when 'week' then 6 else 30 end
    ) as later (days)
),

completions as (
    select *
    from {{ ref('workflow_completions') }}
    where {{ in_scope('ticket_type', 'completed_date', of='touched_dates') }}
),

completions_by_period as (
    select
        c.*,
        period.period_type,
        period.period_start
    from completions as c
    cross join lateral {{ periods_of_date('c.completed_date') }}
        as period (period_type, period_start, period_end)
),

final as (
    select
        ticket_type,
        period_type,
        period_start,
        count(*) as workflows_completed,
        sum(active_seconds) as total_active_seconds,
        sum(paused_seconds) as total_paused_seconds,
        sum(estimated_seconds) as total_estimated_seconds,
        avg(active_seconds) as avg_active_seconds,
        count(active_seconds) as workflows_timed
    from completions_by_period
    where {{ in_scope('ticket_type', 'period_type', 'period_start') }}
    group by ticket_type, period_type, period_start
)

select *
from final
