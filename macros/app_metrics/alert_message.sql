{% macro alert_message(rule, signal) -%}
    {#-
        What people read of an alert: the rule's message with the words in braces filled in, in one pass, so that braces
        in a name stay as they are.
    -#}
    format(
        replace(
            replace(
                replace(
                    replace(
                        replace({{ rule }}.message, '%', '%%'),
                        '{entity}', '%1$s'
                    ),
                    '{value}', '%2$s'
                ),
                '{threshold}', '%3$s'
            ),
            '{period_start}', '%4$s'
        ),
        {{ signal }}.entity_id,
        trim_scale(round({{ signal }}.value::numeric, 2)),
        trim_scale({{ rule }}.threshold::numeric),
        {{ signal }}.period_start
    )
{%- endmacro %}
