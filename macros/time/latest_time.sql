{% macro latest_time() -%}
    {#- The last time of the type that has a date in every time zone; what is later belongs to the same buckets. -#}
    timestamptz '294276-12-31 09:00:00+00'
{%- endmacro %}
