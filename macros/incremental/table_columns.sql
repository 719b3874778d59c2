{% macro table_columns() -%}
    {#- The contract's columns as [{name, type, required}], in its order. -#}
    {%- set columns = [] -%}
    {%- for column in model.columns.values() -%}
        {%- set kinds = column.constraints | map(attribute='type') | map('string') | list -%}
        {%- do columns.append({
            'name': column.name,
            'type': column.data_type,
            'required': 'not_null' in kinds or 'ConstraintType.not_null' in kinds,
        }) -%}
    {%- endfor -%}
    {{- return(columns) -}}
{%- endmacro %}
