{% macro postgres__create_schema(relation) -%}
    {#- As dbt's own, but not in a database that nobody made: dbt makes schemas before on-run-start can refuse. -#}
    {%- do check_made() -%}
    {%- call statement('create_schema') -%}
        create schema if not exists {{ relation.without_identifier().include(database=False) }}
    {%- endcall -%}
{%- endmacro %}
