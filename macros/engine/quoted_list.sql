{% macro quoted_list(columns, alias='') -%}
    {#- Columns with commas between, of a table's alias if one is given. -#}
    {%- for column in columns -%}
        {{ alias ~ '.' if alias }}{{ adapter.quote(column) }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{% macro same_key(keys, left, right) -%}
    {#- The condition that the rows of two aliases have the same key, without nulls. -#}
    {%- for key in keys -%}
        {{ left }}.{{ adapter.quote(key) }} = {{ right }}.{{ adapter.quote(key) }}{{ ' and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
