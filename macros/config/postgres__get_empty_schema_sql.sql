{% macro postgres__get_empty_schema_sql(columns) %}
    {#- dbt's own warns of every numeric without precision, which in PostgreSQL is exact, not rounded. -#}
    select
        {%- for column in columns.values() %}
        cast(null as {{ column.data_type }}) as {{ column.name }}{{ ',' if not loop.last }}
        {%- endfor %}
{% endmacro %}
