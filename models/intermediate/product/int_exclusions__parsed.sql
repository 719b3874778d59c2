{{ config(materialized='view') }}

-- Grouped, so that the planner evaluates a rule once and not once an event.
select
    property,
    operator,
    ops.exclusion_operands(property, value) as operands,
    ops.contains_patterns(ops.exclusion_operands(property, value)) as patterns
from {{ ref('excluded_users') }}
group by property, operator, value
union all
-- Forgotten people who counted nowhere go on so: their pseudonyms begin with it (ops.pseudonym).
-- Most other ids do not at their first letter.
select
    forgotten.property,
    forgotten.operator,
    array[to_jsonb(forgotten.operand)] as operands,
    array[forgotten.operand || '%'] as patterns
from (
    values
    ('distinct_id', 'contains', 'forgotten-uncounted-id-'),
    ('distinct_id', 'contains', 'forgotten-uncounted-all-'),
    ('user_id', 'contains', 'forgotten-uncounted-user-'),
    ('user_id', 'contains', 'forgotten-uncounted-all-')
) as forgotten (property, operator, operand)
