{% macro changed(relation) -%}
    {#- In the compiled SQL this is the relation itself (everything is new to a build from nothing); the
        materialization puts the changed row versions in its place. -#}
    /* changed */ {{ relation.render() }}
{%- endmacro %}
