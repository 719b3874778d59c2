select
    point_id,
    name,
    coalesce(metric_type, 'gauge') as metric_type,
    value,
    recorded_at,
    ops.series_tags(tags) as tags,
    unit
from {{ source('app_metrics', 'metric_points') }}
where
    {{ has_time('recorded_at') }}
    and {{ can_be_key('raw.metric_points', 'name') }}
