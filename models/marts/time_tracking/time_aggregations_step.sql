{{ config(unique_key=['user_id', 'template_id', 'step_index', 'period_type', 'period_start']) }}

{% set affected %}
    select
        s.user_id,
        s.template_id,
        s.step_index,
        period.period_type,
        period.period_start
    from {{ changed(ref('int_steps__sampled')) }} as s
    cross join
        lateral {{ periods_of_date('s.completed_date') }}
            as period (period_type, period_start, period_end)
    where period.period_type <> 'day'
{% endset %}

with

{{ scope(affected) }},

samples as (
    select *
    from {{ ref('int_steps__sampled') }}
    where {{ in_scope('user_id', 'template_id', 'step_index') }}
),

samples_by_period as (
    select
        s.user_id,
        s.template_id,
        s.step_index,
        period.period_type,
        period.period_start,
        period.period_end,
        s.active_seconds
    from samples as s
    cross join
        lateral {{ periods_of_date('s.completed_date') }}
            as period (period_type, period_start, period_end)
    where period.period_type <> 'day'
),

final as (
    select
        user_id,
        template_id,
        step_index,
        period_type,
        period_start,
        period_end,
        count(*) as sample_count,
        avg(active_seconds) as avg_seconds,
        min(active_seconds) as min_seconds,
        max(active_seconds) as max_seconds,
        stddev_samp(active_seconds) as std_dev_seconds
    from samples_by_period
    where {{ in_scope('user_id', 'template_id', 'step_index', 'period_type', 'period_start') }}
    group by user_id, template_id, step_index, period_type, period_start, period_end
)

select *
from final
