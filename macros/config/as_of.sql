{% macro as_of() -%}
    {#- The instant that stands for `now` in every model: the run's start, or the var as_of. In a program it is a field
        of the parameter, so that it is no part of the definition; asking for it makes the model follow the clock. -#}
    {%- if model is defined and model.get('build') -%}
        {%- do model.build.update({'instants': model.build.instants + 1}) -%}
        {{- 'now()' if model.build.mode in ('explained', 'definition') else '($1).as_of' -}}
    {%- else -%}
        timestamptz '{{ var("as_of") or run_started_at.isoformat() }}'
    {%- endif -%}
{%- endmacro %}
