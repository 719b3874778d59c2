{% macro bucket_range(unit, bucket) -%}
    {#- bucket_edges as a range. -#}
    tstzrange({{ bucket_edges(unit, bucket) | join(', ') }})
{%- endmacro %}
