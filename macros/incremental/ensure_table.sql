{% macro ensure_table(relation) -%}
    {#- An empty table where there is none, in a transaction of its own, so that there is something to lock. The
        watermark of a table that is gone must not speak for this one. -#}
    {%- if load_cached_relation(relation) is none -%}
        {%- do lock_relation(relation) -%}
        {%- if run_query("select to_regclass('" ~ relation ~ "') is null").rows[0][0] -%}
            {%- do refuse_lost_history(relation) -%}
            {%- call statement('make_table') -%}
                delete from ops.watermarks where relation = '{{ relation_name(relation) }}';
                create table {{ relation }} (
                    {%- for column in table_columns() %}
                    {{ adapter.quote(column.name) }} {{ column.type }}{{ ',' if not loop.last }}
                    {%- endfor %}
                )
            {%- endcall -%}
        {%- endif -%}
        {%- do adapter.commit() -%}
    {%- endif -%}
{%- endmacro %}
