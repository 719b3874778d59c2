{% macro text_array(names) -%}
    {#- A list of names as a PostgreSQL array of text. -#}
    array[{% for name in names %}'{{ name }}'{{ ', ' if not loop.last }}{% endfor %}]::text[]
{%- endmacro %}
