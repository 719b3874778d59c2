{% macro sql_text(value) -%}
    {#- A text as a literal of SQL. -#}
    '{{ value | string | replace("'", "''") }}'
{%- endmacro %}
