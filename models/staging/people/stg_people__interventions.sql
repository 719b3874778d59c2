select
    intervention_id,
    target_employee_id,
    intervention_type,
    status,
    created_at,
    updated_at
from {{ source('people', 'interventions') }}
where {{ can_be_key('raw.interventions', 'intervention_id', 'target_employee_id', 'status') }}
