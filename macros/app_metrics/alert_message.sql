{% macro alert_message(rule, signal) -%}
    {#-
        What people read of an alert: the rule's message with the words in braces filled in.

        rule: alias of a row of int_alert_rules__checked.
        signal: alias of a row with entity_id, value and period_start.
    -#}
    replace(
        replace(
            replace(
                replace({{ rule }}.message, '{entity}', {{ signal }}.entity_id),
                '{value}', trim_scale(round({{ signal }}.value::numeric, 2))::text
            ),
            '{threshold}', trim_scale({{ rule }}.threshold::numeric)::text
        ),
        '{period_start}', {{ signal }}.period_start::text
    )
{%- endmacro %}
