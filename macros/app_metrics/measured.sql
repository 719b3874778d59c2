{% macro measured(time, value) -%}
    {#- Whether a point says something. An infinite time belongs to no period; NaN, infinity and what is
        beyond 1e100 (the largest double of a client that knew nothing) are no measurements, and would
        make a sum fail. -#}
    (isfinite({{ time }}) and {{ value }} between -1e100 and 1e100)
{%- endmacro %}
