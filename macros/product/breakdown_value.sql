{% macro breakdown_value(json, property) -%}
    {#- The text of a property by which a mart is broken down, cut to what fits into its key: 600 characters, half as
        many of a text whose characters take several bytes. -#}
    case
        when octet_length(left({{ json }} ->> {{ property }}, 600)) > 1200
            then left({{ json }} ->> {{ property }}, 300)
        else left({{ json }} ->> {{ property }}, 600)
    end
{%- endmacro %}
