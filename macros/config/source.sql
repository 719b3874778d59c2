{% macro source(source_name, table_name) -%}
    {#- dbt's own source, with the differences that ref has. -#}
    {%- set relation = builtins.source(source_name, table_name) -%}
    {%- if not (model is defined and model.get('build')) -%}
        {{- return(unlimited(relation)) -}}
    {%- endif -%}
    {{- return(named(relation)) -}}
{%- endmacro %}
