{% macro as_of() -%}
    {#- The instant that stands for `now` in every model: the run's start, or the var as_of. In a program it is a field
        of the parameter, so that it is no part of the definition; asking for it makes the model follow the clock. In a
        data test, which is stored too, it is a setting of whoever runs it. -#}
    {%- if model is defined and model.get('build') -%}
        {%- do model.build.update({'instants': model.build.instants + 1}) -%}
        {{- 'now()' if model.build.mode in ('explained', 'definition') else '($1).as_of' -}}
    {%- elif model is defined and model.get('resource_type') == 'test' -%}
        ops.as_of()
    {%- else -%}
        {{- as_of_this_run() -}}
    {%- endif -%}
{%- endmacro %}
