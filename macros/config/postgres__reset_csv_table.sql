{% macro postgres__reset_csv_table(model, full_refresh, old_relation, agate_table) %}
    {#- dbt's own truncates: a build that reads the seed meanwhile would see it empty. Here its rows are
        replaced in one transaction, and the table is made anew only when its columns differ: with the
        views on it, which come after it in the same build. -#}
    {%- set present = adapter.get_columns_in_relation(old_relation) | map(attribute='name') | list -%}
    {%- if full_refresh or present != agate_table.column_names | list -%}
        {%- do run_query('drop table ' ~ old_relation ~ ' cascade') -%}
        {{- return(create_csv_table(model, agate_table)) -}}
    {%- endif -%}
    {%- do run_query('delete from ' ~ old_relation) -%}
    {{- return('delete from ' ~ old_relation) -}}
{% endmacro %}
