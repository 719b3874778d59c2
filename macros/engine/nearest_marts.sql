{% macro nearest_marts(node) -%}
    {#- The names of the marts that show a model's rows: itself, or the first ones above it. -#}
    {%- if node.config.get('access') == 'public' or node.access == 'public' -%}
        {{- return([node.alias]) -}}
    {%- endif -%}
    {%- set names = [] -%}
    {%- for reader in graph.nodes.values()
        if reader.resource_type == 'model' and node.unique_id in reader.depends_on.nodes -%}
        {%- do names.extend(nearest_marts(reader)) -%}
    {%- endfor -%}
    {{- return(names | unique | sort) -}}
{%- endmacro %}
