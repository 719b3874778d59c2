{{ config(materialized='view') }}

-- A view has no CTE (test_views_have_no_cte), so what CTEs would name are lateral subqueries.
-- Grouped, so that the planner evaluates a rule once and not once an event.
select
    r.property,
    r.operator,
    listed.operands,
    array(
        select '%' || regexp_replace(lower(o.value #>> '{}'), '([\\%_])', '\\\1', 'g') || '%'
        from unnest(listed.operands) as o (value)
    ) as patterns
from {{ ref('excluded_users') }} as r
cross join
    lateral (  -- noqa: ST05
        select
            case
                when r.property in ('user_id', 'distinct_id') and r.value !~ '^(\[\s*"|")'
                    then to_jsonb(r.value)
                when r.value ~ '^(-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?|true|false|null|".*")$'
                    then r.value::jsonb
                when r.value ~ '^\[\s*(["\d-]|true|false|null|\])' then r.value::jsonb
                else to_jsonb(r.value)
            end as operand
    ) as parsed
cross join
    lateral (  -- noqa: ST05
        select
            case jsonb_typeof(parsed.operand)
                when 'array'
                    then array(
                        select element.value
                        from jsonb_array_elements(parsed.operand) as element (value)
                    )
                else array[parsed.operand]
            end as operands
    ) as listed
group by r.property, r.operator, listed.operands
union all
-- Forgotten people who counted nowhere go on so: their pseudonyms say it (ops.pseudonym).
select
    forgotten.property,
    forgotten.operator,
    array[to_jsonb(forgotten.operand)] as operands,
    array['%' || forgotten.operand || '%'] as patterns
from (
    values
    ('distinct_id', 'contains', 'forgotten-uncounted-id-'),
    ('distinct_id', 'contains', 'forgotten-uncounted-all-'),
    ('user_id', 'contains', 'forgotten-uncounted-user-'),
    ('user_id', 'contains', 'forgotten-uncounted-all-')
) as forgotten (property, operator, operand)
