{% macro generate_schema_name(custom_schema_name, node) -%}
    {#- The schema as the contract names it (`marts`), without the target's schema before it. -#}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
