{% macro satisfies(value, rule) -%}
    {#-
        Whether a JSON value satisfies a rule (docs/spec.md: Filters). A missing property is null: it satisfies
        neq and is_not_set only.
    -#}
    case {{ rule }}.operator
        when 'eq' then coalesce({{ value }} = any({{ rule }}.operands), false)
        when 'neq' then not coalesce({{ value }} = any({{ rule }}.operands), false)
        when 'contains' then coalesce(lower({{ value }} #>> '{}') like any({{ rule }}.patterns), false)
        when 'is_set' then coalesce({{ value }} <> 'null'::jsonb, false)
        when 'is_not_set' then not coalesce({{ value }} <> 'null'::jsonb, false)
        when 'gt' then {{ both_numbers(value, rule) }} and {{ value }} > {{ rule }}.operands[1]
        when 'gte' then {{ both_numbers(value, rule) }} and {{ value }} >= {{ rule }}.operands[1]
        when 'lt' then {{ both_numbers(value, rule) }} and {{ value }} < {{ rule }}.operands[1]
        when 'lte' then {{ both_numbers(value, rule) }} and {{ value }} <= {{ rule }}.operands[1]
        else false
    end
{%- endmacro %}


{% macro both_numbers(value, rule) -%}
    coalesce(jsonb_typeof({{ value }}) || jsonb_typeof({{ rule }}.operands[1]), '') = 'numbernumber'
{%- endmacro %}
