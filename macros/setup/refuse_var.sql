{% macro refuse_var(name, problem, remedy) -%}
    {#- Ends the build: the var `name` has a value with this problem; the remedy says what to write instead. -#}
    {%- do exceptions.raise_compiler_error('the var ' ~ name ~ ', "' ~ var(name) ~ '", ' ~ problem ~ ': ' ~ remedy) -%}
{%- endmacro %}
