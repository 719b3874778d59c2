{% macro begin_build(relation) -%}
    {#-
        Opens the one transaction of a build: the model is locked, what it reads is held, and only then does
        the first query take the snapshot in which everything is read. So the build reads exactly the
        transactions that its watermark will name: not one more, which an addition (added) would count twice.

        LOCK TABLE takes no snapshot, advisory locks do: under REPEATABLE READ theirs would be the one from
        before the wait. A second build of the model waits here until the first has ended; readers of the
        model do not. The relations beneath are held so that no partition moves or goes while they are read:
        its rows would be in neither place for this snapshot.
    -#}
    {%- if load_cached_relation(relation) is none -%}
        {%- do make_table(relation) -%}
    {%- endif -%}
    {%- call statement('begin_build', auto_begin=true) -%}
        rollback;
        begin isolation level repeatable read;
        lock table {{ relation }} in share row exclusive mode;
        {%- for table in upstream(model).tables | unique %}
        lock table {{ table }} in access share mode;
        {%- endfor %}
        set local work_mem = '{{ var("build_work_mem") }}';
    {%- endcall -%}
{%- endmacro %}


{% macro make_table(relation) -%}
    {#- An empty table, in a transaction of its own, so that there is something to lock. The watermark of a
        table that is gone must not speak for this one. -#}
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
{%- endmacro %}
