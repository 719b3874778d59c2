{{ config(unique_key=['date'], meta={'refresh': {'lookback_days': 0}}) }}

with
-- Where each area's dates begin and end, from marts that are small or have an index on the date.
-- What lies outside history is no first and no last date.
-- lies outside history has no date here.
extents as (
    select
        min(date) as first_date,
        max(date) as last_date
    from {{ ref('time_aggregations_daily') }}
    where {{ in_history('date') }}
    union all
    select
        min(date) as first_date,
        max(date) as last_date
    from {{ ref('daily_active_users') }}
    where {{ in_history('date') }}
    union all
    select
        min(date) as first_date,
        max(date) as last_date
    from {{ ref('project_metrics') }}
    where {{ in_history('date') }}
    union all
    select
        min(date) as first_date,
        max(date) as last_date
    from {{ ref('employee_metrics_daily') }}
    where {{ in_history('date') }}
    union all
    select
        {{ local_date('min(period_start)') }} as first_date,
        {{ local_date('max(period_start)') }} as last_date
    from {{ ref('metric_aggregates') }}
    where
        period_type = 'daily'
        and period_start >= {{ date_start(history_begins()) }}
        and period_start <= {{ as_of() }}
),

span as (
    select
        min(first_date) as first_date,
        max(last_date) as last_date
    from extents
),

calendar as (
    select span.first_date + later.days as date
    from span
    cross join lateral generate_series(0, span.last_date - span.first_date) as later (days)
),

final as (
    select
        date,
        extract(isoyear from date)::integer as iso_year,
        extract(week from date)::integer as iso_week,
        date_trunc('week', date::timestamp)::date as week_start,
        date_trunc('month', date::timestamp)::date as month_start,
        date_trunc('quarter', date::timestamp)::date as quarter_start,
        extract(isodow from date) >= 6 as is_weekend
    from calendar
)

select *
from final
