{% macro named(node) -%}
    {#- The relation of a node, without its database. -#}
    {{- return(api.Relation.create(
        schema=node.schema, identifier=node.identifier or node.alias
    ).include(database=false)) -}}
{%- endmacro %}
