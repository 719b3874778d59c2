{{ config(unique_key=['user_id', 'template_id', 'step_index', 'period_type', 'period_start']) }}

with

scope as (
    select
        s.user_id,
        s.template_id,
        s.step_index,
        period.period_type,
        period.period_start
    from {{ changed(ref('int_steps__sampled')) }} as s
    cross join lateral (
        values
        ('week', date_trunc('week', s.completed_date::timestamp)::date),
        ('month', date_trunc('month', s.completed_date::timestamp)::date)
    ) as period (period_type, period_start)
),

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
    cross join lateral (
        values
        (
            'week',
            date_trunc('week', s.completed_date::timestamp)::date,
            (date_trunc('week', s.completed_date::timestamp) + interval '6 days')::date
        ),
        (
            'month',
            date_trunc('month', s.completed_date::timestamp)::date,
            (date_trunc('month', s.completed_date::timestamp) + interval '1 month - 1 day')::date
        )
    ) as period (period_type, period_start, period_end)
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
