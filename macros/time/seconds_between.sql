{% macro seconds_between(from_time, to_time) -%}
    {#- The seconds from one time to another: the difference itself is no interval where it is longer than 292,000
        years. -#}
    (extract(epoch from {{ to_time }}) - extract(epoch from {{ from_time }}))
{%- endmacro %}
