{{ config(materialized='view') }}

with

rules as (
    select
        property,
        operator,
        value,
        case
            when property in ('user_id', 'distinct_id') and value !~ '^(\[\s*"|")'
                then to_jsonb(value)
            when value ~ '^(-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?|true|false|null|".*")$'
                then value::jsonb
            when value ~ '^\[\s*(["\d-]|true|false|null|\])' then value::jsonb
            else to_jsonb(value)
        end as operand
    from {{ ref('excluded_users') }}
),

listed as (
    select
        r.property,
        r.operator,
        case jsonb_typeof(r.operand)
            when 'array'
                then array(
                    select element.value
                    from jsonb_array_elements(r.operand) as element (value)
                )
            else array[r.operand]
        end as operands
    from rules as r
),

-- Grouped, so that the planner evaluates this once and not once an event.
final as (
    select
        l.property,
        l.operator,
        l.operands,
        array(
            select '%' || regexp_replace(lower(o.value #>> '{}'), '([\\%_])', '\\\1', 'g') || '%'
            from unnest(l.operands) as o (value)
        ) as patterns
    from listed as l
    group by l.property, l.operator, l.operands
)

select *
from final
