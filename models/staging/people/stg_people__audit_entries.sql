select
    audit_id,
    intervention_id,
    action,
    actor_id,
    details,
    logged_at
from {{ source('people', 'intervention_audit_log') }}
