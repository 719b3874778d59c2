select
    alert_id,
    withdrawn_by_id,
    withdrawn_at,
    note
from {{ source('alerts', 'alert_withdrawals') }}
