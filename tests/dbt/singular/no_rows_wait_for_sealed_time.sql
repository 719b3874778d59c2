-- Warns of raw rows that cannot count in a mart, because other rows of their bucket are archived,
-- by table, mart and month. They count once `tidemark restore` has brought the period back and a
-- build has followed.
{{ config(
    group='shared',
    severity='warn',
    meta={
        'dagster': {'ref': {'name': 'event_counts_daily', 'package': 'tidemark'}},
        'tells_rows': true,
    },
) }}

-- After all that may meet such rows, so that the build that meets them warns of them.
-- depends_on: {{ ref('event_breakdowns_daily') }}
-- depends_on: {{ ref('event_counts_minute') }}
-- depends_on: {{ ref('event_counts_hourly') }}
-- depends_on: {{ ref('event_counts_daily') }}
-- depends_on: {{ ref('event_counts_weekly') }}
-- depends_on: {{ ref('event_counts_monthly') }}
-- depends_on: {{ ref('feature_usage') }}
-- depends_on: {{ ref('funnel_conversions') }}
-- depends_on: {{ ref('product_sessions') }}
-- depends_on: {{ ref('retention_cohorts') }}
-- depends_on: {{ ref('workflow_completions') }}
-- depends_on: {{ ref('metric_aggregates') }}
-- depends_on: {{ ref('metric_sketches_hourly') }}
-- depends_on: {{ ref('metric_alerts') }}
-- depends_on: {{ ref('employee_metrics_daily') }}

select
    table_name,
    mart,
    to_char(row_time at time zone 'UTC', 'YYYY-MM') as row_month,
    count(*) as row_count
from ops.late_rows
group by table_name, mart, row_month
