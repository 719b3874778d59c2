{% macro relation_name(relation) -%}
    {#- The name under which the engine's tables know a relation: schema.table, not quoted. -#}
    {{- return(relation.schema ~ '.' ~ relation.identifier) -}}
{%- endmacro %}
