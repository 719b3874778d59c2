{% macro unlimited(relation) -%}
    {#- The relation without the limit that `--empty` gives it, for models of ours. -#}
    {%- if relation.limit is none or model.config.materialized not in ('tidemark_incremental', 'view') -%}
        {{- return(relation) -}}
    {%- endif -%}
    {{- return(api.Relation.create(
        database=relation.database, schema=relation.schema, identifier=relation.identifier
    )) -}}
{%- endmacro %}
