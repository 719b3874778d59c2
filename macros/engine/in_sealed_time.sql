{% macro in_sealed_time(time) -%}
    {#- The condition that a time is sealed, for the SQL of a model with 'frozen_by': {'sql': true}; false in
        the plain definition. -#}
    {%- if (model.get('build') or {}).get('mode') in ('whole', 'narrowed') -%}
        (($1).is_frozen and {{ time }} <@ ($1).frozen[1])
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}
