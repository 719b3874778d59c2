{{ config(materialized='view') }}

-- Grouped, so that the planner evaluates a rule once and not once an event.
select
    rule.property,
    rule.operator,
    listed.operands,
    array(
        select '%' || regexp_replace(lower(o.value #>> '{}'), '([\\%_])', '\\\1', 'g') || '%'
        from unnest(listed.operands) as o (value)
    ) as patterns
from {{ ref('excluded_users') }} as rule
cross join
    lateral (
        select
            case
                when rule.property in ('user_id', 'distinct_id') and rule.value !~ '^(\[\s*"|")'
                    then to_jsonb(rule.value)
                when rule.value ~ '^(-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?|true|false|null|".*")$'
                    then rule.value::jsonb
                when rule.value ~ '^\[\s*(["\d-]|true|false|null|\])' then rule.value::jsonb
                else to_jsonb(rule.value)
            end as operand
    ) as parsed
cross join
    lateral (
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
group by rule.property, rule.operator, listed.operands
