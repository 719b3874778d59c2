select
    alert_id,
    acknowledged_by_id,
    acknowledged_at
from {{ source('app_metrics', 'alert_acknowledgements') }}
where {{ can_be_key('raw.alert_acknowledgements', 'alert_id') }}
