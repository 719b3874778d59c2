{% macro ensure_partitions() -%}
    {#- A hundred at once and each in a transaction of its own: they hold a dozen locks each. -#}
    {%- set progress = namespace(added=1) -%}
    {%- for _ in range(1000) -%}
        {%- if progress.added -%}
            {%- call statement('ensure_partitions', fetch_result=true, auto_begin=true) -%}
                select ops.ensure_partitions()
            {%- endcall -%}
            {%- do adapter.commit() -%}
            {%- set progress.added = load_result('ensure_partitions').data[0][0] -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
