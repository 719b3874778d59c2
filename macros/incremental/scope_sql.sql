{% macro scope_sql() -%}
    {#- The text of the model's first CTE where that is named scope, else none: such a model is small and
        computed whole at every build. -#}
    {%- set found = modules.re.match('(?s)\\s*with\\s+scope as [(]\n(.*?)\n[)]', sql) -%}
    {{- return(found.group(1) if found else none) -}}
{%- endmacro %}
