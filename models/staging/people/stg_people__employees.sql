select
    employee_id,
    name,
    team_name,
    updated_at
from {{ source('people', 'employees') }}
