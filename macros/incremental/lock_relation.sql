{% macro lock_relation(relation) -%}
    {#- A transaction that makes a relation: a second one of the same relation waits here until the first has
        ended. -#}
    {%- call statement('lock_relation', auto_begin=true) -%}
        select pg_advisory_xact_lock(hashtextextended('tidemark {{ relation_name(relation) }}', 0))
    {%- endcall -%}
{%- endmacro %}
