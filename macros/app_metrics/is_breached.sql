{% macro is_breached(rule, value, score) -%}
    {#-
        Whether a value calls for attention by a rule.

        rule: alias of a row of int_alert_rules__checked.
        value: the signal's value.
        score: how many robust deviations it lies from its range; null where too little is known.
    -#}
    case {{ rule }}.comparison
        when 'gt' then {{ value }} > {{ rule }}.threshold
        when 'gte' then {{ value }} >= {{ rule }}.threshold
        when 'lt' then {{ value }} < {{ rule }}.threshold
        when 'lte' then {{ value }} <= {{ rule }}.threshold
        when 'anomaly' then coalesce({{ score }} > {{ rule }}.threshold, false)
    end
{%- endmacro %}
