{% macro date_text(column) -%}
    {#- A date as the record of changes has it; null where it is infinite, or so far ahead that it has no time. -#}
    case
        when isfinite({{ column }}) and {{ column }} < '294276-01-01'
            then to_char({{ column }}, case when {{ column }} < '0001-01-01' then 'YYYY-MM-DD BC' else 'YYYY-MM-DD' end)
    end
{%- endmacro %}
