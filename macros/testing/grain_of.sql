{% macro grain_of(relation) -%}
    {#- The unique_key of a relation's model as a sorted array of text; empty while dbt only parses. -#}
    {%- set grain = [] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() if node.schema == relation.schema and node.alias == relation.identifier -%}
            {%- do grain.extend(node.config.unique_key | sort) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ text_array(grain) }}
{%- endmacro %}
