{% macro breakdown_value(text) -%}
    {#- The text of a property by which a mart is broken down, cut to what fits into its key: 600 characters, half as
        many of a text whose characters take several bytes. -#}
    case
        when octet_length(left({{ text }}, 600)) > 1200 then left({{ text }}, 300)
        else left({{ text }}, 600)
    end
{%- endmacro %}
