{% macro refuse_var(name, problem, remedy) -%}
    {%- do exceptions.raise_compiler_error('the var ' ~ name ~ ', "' ~ var(name) ~ '", ' ~ problem ~ ': ' ~ remedy) -%}
{%- endmacro %}
