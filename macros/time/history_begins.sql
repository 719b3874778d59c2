{% macro history_begins() -%}
    date '{{ var("history_begins") }}'
{%- endmacro %}
