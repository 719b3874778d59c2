{% macro settle_raw() -%}
    {#- Says what it found: models are computed whole then, which nobody asked for. -#}
    {%- call statement('settle_raw', fetch_result=true, auto_begin=true) -%}
        select ops.settle_clock(), ops.mend_guards()
    {%- endcall -%}
    {%- do adapter.commit() -%}
    {%- set found = load_result('settle_raw').data[0] -%}
    {%- if found[0] == 'moved' -%}
        {%- do exceptions.warn('this database was restored from a dump: every model is computed whole, once') -%}
    {%- endif -%}
    {%- for fault in fromjson(found[1]) -%}
        {%- do exceptions.warn(fault ~ ' (mended; what reads it is computed whole, once)') -%}
    {%- endfor -%}
{%- endmacro %}
