{{ config(materialized='view') }}

with

rules as (
    select
        property,
        operator,
        value,
        case
            when property in ('user_id', 'distinct_id') and value !~ '^(\[\s*"|")' then to_jsonb(value)
            when value ~ '^(-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?|true|false|null|".*")$' then value::jsonb
            when value ~ '^\[\s*(["\d-]|true|false|null|\])' then value::jsonb
            else to_jsonb(value)
        end as operand
    from {{ ref('excluded_users') }}
),

listed as (
    select
        property,
        operator,
        case jsonb_typeof(operand)
            when 'array' then array(select element.value from jsonb_array_elements(operand) as element)
            else array[operand]
        end as operands
    from rules
),

-- Grouped, so that the planner evaluates this once and not once an event.
final as (
    select
        property,
        operator,
        operands,
        array(
            select
                '%' || regexp_replace(lower(operand.value #>> '{}'), '([\\%_])', '\\\1', 'g') || '%'
            from unnest(operands) as operand (value)
        ) as patterns
    from listed
    group by property, operator, operands
)

select *
from final
