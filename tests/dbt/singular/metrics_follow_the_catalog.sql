-- Warns of points whose metric the seed metric_catalog does not know, of those of another type or
-- unit than it says, and of those that are no measurement, by metric. The first two count in the
-- marts like all others, the third nowhere. Points since the last look are read, whatever their
-- time: older trouble was warned of when it came. It reads raw, whose rows carry their transaction.
-- depends_on: {{ ref('stg_app_metrics__points') }}
{{ config(
    group='app_metrics',
    severity='warn',
    meta={
        'dagster': {'ref': {'name': 'stg_app_metrics__points', 'package': 'tidemark'}},
        'tells_rows': true,
    },
) }}

with

new_points as (
    select
        name,
        unit,
        coalesce(metric_type, 'gauge') as metric_type,
        {{ measured('recorded_at', 'value') }} as is_measured
    from {{ source('app_metrics', 'metric_points') }}
    where
        {{ is_new_to_test('_xid', 'metrics_follow_the_catalog') }}
),

checked_points as (
    select
        p.name,
        case
            when not p.is_measured then 'no number that could be measured'
            when c.name is null then 'not in the metric catalog'
            when p.metric_type <> c.metric_type then 'of type ' || p.metric_type
            when c.unit <> coalesce(p.unit, '') then 'in ' || coalesce(p.unit, 'no unit')
        end as problem
    from new_points as p
    left join {{ ref('metric_catalog') }} as c on p.name = c.name
),

final as (
    select
        name,
        problem,
        count(*) as point_count
    from checked_points
    where problem is not null
    group by name, problem
)

select *
from final
