{% macro generate_schema_name(custom_schema_name, node) -%}
    {#- The schema as the spec names it (`marts`), without the target's schema before it. A target with a schema of
        its own would therefore write over the marts: it is refused here, where every command passes. -#}
    {%- if target.schema != 'marts' -%}
        {%- do exceptions.raise_compiler_error(
            'this dbt target has the schema ' ~ target.schema ~ ', but Tidemark writes schemas of fixed'
            ~ ' names (marts, intermediate, ...) and would overwrite those of the database ' ~ target.dbname
            ~ '. A copy of your own to develop in is a database of your own: TIDEMARK_DATABASE=my_copy tidemark up, then'
            ~ ' TIDEMARK_DATABASE=my_copy dbt build. (In profiles.yml, every target keeps schema: marts.)'
        ) -%}
    {%- endif -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
