{% macro scope(affected) -%}
    {#-
        The first CTE of a model: which keys do changed rows touch? While the narrowed text is rendered the CTE reads
        the keys that a refresh has found by the query, which is kept for the program.
    -#}
    {%- set mode = (model.get('build') or {}).get('mode') -%}
    {%- if mode -%}
        {%- do model.build.update({'scope': affected}) -%}
    {%- endif -%}
    {%- if mode in ('narrowed', 'buckets') -%}
scope as (
    select * from pg_temp.affected_keys
)
    {%- else -%}
scope as ({{ affected }})
    {%- endif -%}
{%- endmacro %}
