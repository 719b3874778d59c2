select
    employee_id,
    name,
    team_name,
    updated_at
from {{ source('people', 'employees') }}
where {{ can_be_key('raw.employees', 'employee_id', 'team_name') }}
