{% macro known_number(value) -%}
    {#- A number, null where it is no measurement: NaN, infinite, and what lies at the edges of its type (the largest
        double of a client that knew nothing). Sums, squares and ratios of the others stay within a double. -#}
    case when {{ value }} = 0 or abs({{ value }}) between 1e-100 and 1e100 then {{ value }} end
{%- endmacro %}
