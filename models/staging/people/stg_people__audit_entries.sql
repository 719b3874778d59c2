select
    audit_id,
    intervention_id,
    action,
    actor_id,
    details,
    logged_at
from {{ source('people', 'intervention_audit_log') }}
where {{ can_be_key('raw.intervention_audit_log', 'intervention_id', 'action') }}
