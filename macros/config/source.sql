{% macro source(source_name, table_name) -%}
    {#- dbt's own source, with the differences that ref has. -#}
    {%- set relation = builtins.source(source_name, table_name) -%}
    {%- if model is defined and model.get('resource_type') == 'test' -%}
        {{- return(relation.include(database=false)) -}}
    {%- endif -%}
    {%- if not (model is defined and model.get('build')) -%}
        {{- return(unlimited(relation)) -}}
    {%- endif -%}
    {{- return(named(relation)) -}}
{%- endmacro %}
