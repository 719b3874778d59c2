{% macro ref() -%}
    {#-
        dbt's own ref, with two differences for models that the engine refreshes and for views. `--empty` puts no limit
        on what they read: it shapes their tables and leaves views as they are. And while a program is rendered
        (macros/engine/program.sql) it is a name without its database, so that a copied database can run the program,
        and that of any node: a view that is looked through reads what its reader does not name. In a data test, which
        is stored too, it has no database either.
    -#}
    {%- if model is defined and model.get('resource_type') == 'test' -%}
        {{- return(builtins.ref(*varargs, **kwargs).include(database=false)) -}}
    {%- endif -%}
    {%- if not (model is defined and model.get('build')) -%}
        {{- return(unlimited(builtins.ref(*varargs, **kwargs))) -}}
    {%- endif -%}
    {%- set name = varargs[-1] -%}
    {%- for kind in ('model', 'seed', 'snapshot') -%}
        {%- set node = graph.nodes.get([kind, project_name, name] | join('.')) -%}
        {%- if node -%}
            {{- return(named(node)) -}}
        {%- endif -%}
    {%- endfor -%}
    {%- for node in graph.nodes.values() if node.name == name and node.resource_type in ('model', 'seed', 'snapshot') -%}
        {{- return(named(node)) -}}
    {%- endfor -%}
    {{- return(builtins.ref(*varargs, **kwargs)) -}}
{%- endmacro %}
