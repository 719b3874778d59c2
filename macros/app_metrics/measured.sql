{% macro measured(time, value) -%}
    {#- Whether a point of raw says something. An infinite time belongs to no period, and NaN, infinity and
        what is beyond 1e100 are no measurements. -#}
    ({{ has_time(time) }} and {{ value }} between -1e100 and 1e100)
{%- endmacro %}
