{% macro upstream(node) -%}
    {#- What a node is computed from, as {tables, views, seeds}: relations. Views are looked through:
        what they read is upstream too. -#}
    {%- set found = {'tables': [], 'views': [], 'seeds': []} -%}
    {%- for id in node.depends_on.nodes -%}
        {%- set parent = graph.sources.get(id) or graph.nodes.get(id) -%}
        {%- set relation = api.Relation.create(
            database=parent.database, schema=parent.schema, identifier=parent.identifier or parent.alias
        ) -%}
        {%- if parent.resource_type == 'seed' -%}
            {%- do found.seeds.append(relation) -%}
        {%- elif parent.config.get('materialized') == 'view' -%}
            {%- do found.views.append(relation) -%}
            {%- set beyond = upstream(parent) -%}
            {%- for kind in found -%}
                {%- do found[kind].extend(beyond[kind]) -%}
            {%- endfor -%}
        {%- else -%}
            {%- do found.tables.append(relation) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(found) -}}
{%- endmacro %}
