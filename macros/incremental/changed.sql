{% macro changed(relation) -%}
    {#- In the compiled SQL this is the relation itself (everything is new to a build from nothing); the
        materialization puts the changed row versions in its place. -#}
    /* changed */ {{ relation.render() }}
{%- endmacro %}


{% macro was_replaced(alias) -%}
    {#- In a scope: the condition that a row of changed() is a version that stood before, and not one that stands now.
        Rows of restored time count as replaced: they are new again, but had been read before. -#}
    /* was replaced: {{ alias }} */ true
{%- endmacro %}
