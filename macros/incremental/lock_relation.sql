{% macro lock_relation(relation) -%}
    {#- Opens the transaction. A second build of the relation waits here until the first has ended. -#}
    {%- call statement('lock_relation', auto_begin=true) -%}
        select pg_advisory_xact_lock(hashtextextended('tidemark {{ relation_name(relation) }}', 0))
    {%- endcall -%}
{%- endmacro %}
