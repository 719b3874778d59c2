{% macro history_begins() -%}
    {#- The date before which nothing is history (var history_begins), as a date of SQL. -#}
    date '{{ var("history_begins") }}'
{%- endmacro %}
