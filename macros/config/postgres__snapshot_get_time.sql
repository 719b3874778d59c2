{% macro postgres__snapshot_get_time() -%}
    {#- When a version ends whose row is gone from raw: by as_of, as all others, where dbt takes the wall clock. -#}
    {{ as_of() }}
{%- endmacro %}
