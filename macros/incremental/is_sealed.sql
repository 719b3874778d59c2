{% macro is_sealed(alias, tide) -%}
    {#- The condition that a row of this model, or of its result, belongs to sealed time. -#}
    {%- set config_of = config.get('sealed_by') or {} -%}
    {%- if tide.seals_keys -%}
        {%- set key = adapter.quote(config_of.key) -%}
        {{- return(
            'exists (select from ops.sealed_workflows as k where k.instance_id = ' ~ alias ~ '.' ~ key ~ ')'
        ) -}}
    {%- elif config_of.get('sql') -%}
        {{- return('false') -}}
    {%- endif -%}
    {{- return(in_spans(alias, tide.sealed + tide.purged)) -}}
{%- endmacro %}


{% macro is_kept(alias, tide) -%}
    {#- The condition that a row that is there stays, whatever the result says. -#}
    {%- set worth = (config.get('sealed_by') or {}).get('while') -%}
    {%- set sealed = is_sealed(alias, tide) -%}
    {{- return('(' ~ sealed ~ ' and ' ~ worth | replace('{row}', alias) ~ ')' if worth else sealed) -}}
{%- endmacro %}


{% macro is_reopened(alias, tide) -%}
    {#- The condition that a row's time was restored since the last build: its raw rows are new again, but
        it has counted them. -#}
    {{- return(in_spans(alias, tide.reopened) if tide.reopened else 'false') -}}
{%- endmacro %}


{% macro in_spans(alias, spans) -%}
    {#- The condition that a row of this model lies in one of the spans. -#}
    {%- set config_of = config.get('sealed_by') -%}
    {%- set column = alias ~ '.' ~ adapter.quote(config_of.column) -%}
    {%- set is_date = model.columns[config_of.column].data_type == 'date' -%}
    {%- set parts = [] -%}
    {%- for span in spans -%}
        {%- do parts.append(
            '(' ~ ((alias ~ '.' ~ adapter.quote(config_of.unit_column) ~ " = '" ~ span.value ~ "' and ")
                if config_of.get('unit_column') else '')
            ~ column ~ " >= '" ~ (span.from_date if is_date else span.from_at) ~ "' and "
            ~ column ~ " < '" ~ (span.to_date if is_date else span.to_at) ~ "')"
        ) -%}
    {%- endfor -%}
    {{- return('(' ~ parts | join(' or ') ~ ')' if parts else 'false') -}}
{%- endmacro %}
