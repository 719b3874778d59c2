{#-
    A build that equals a build from nothing, at a cost that follows the change. docs/incremental.md explains it
    with an example. dbt's own `incremental` stays dbt's, for models of yours and of packages.

    dbt defines, the database refreshes: this shapes the table, stores the model's program (macros/engine/program.sql)
    and calls ops.refresh, which anything else may call as well. All of it is one transaction.
-#}
{% materialization tidemark_incremental, adapter='postgres' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- do check_config() -%}
    {%- set program = program(target_relation) -%}
    {%- do ensure_table(target_relation) -%}

    {%- call statement('open', auto_begin=true) -%}
        rollback;
        {{ program.opening }}
    {%- endcall -%}
    {{ run_hooks(pre_hooks, inside_transaction=true) }}
    {%- set stands = run_query(
        "select * from ops.store_program('" ~ tojson(program) | replace("'", "''") ~ "'::jsonb)"
    ).rows[0] -%}

    {%- if stands['is_edited'] or stands['is_reshaped'] -%}
        {%- do get_assert_columns_equivalent(sql) -%}
    {%- endif -%}
    {%- if stands['is_reshaped'] -%}
        {%- do shape_table(target_relation) -%}
    {%- endif -%}
    {%- if flags.EMPTY -%}
        {%- call statement('main') -%} select 'shape only: --empty' {%- endcall -%}
    {%- else -%}
        {%- do refresh(program.relation) -%}
    {%- endif -%}
    {%- if stands['is_reshaped'] -%}
        {%- do enforce_key(target_relation) -%}
    {%- endif -%}
    {%- if stands['is_unsettled'] -%}
        {%- do settle_table(target_relation) -%}
    {%- endif -%}

    {{ run_hooks(post_hooks, inside_transaction=true) }}
    {%- do adapter.commit() -%}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{% macro refresh(relation) -%}
    {#- Has the database refresh a relation, and tells dbt what it came to. -#}
    {%- set window = [] -%}
    {%- for date in [var('refresh_from'), var('refresh_to')] -%}
        {%- do window.append("'" ~ date ~ "'::date" if date else 'null::date') -%}
    {%- endfor -%}
    {%- set done = run_query(
        "select rows_written, rows_deleted, message from ops.refresh('" ~ relation ~ "', " ~ as_of() ~ ", "
        ~ flags.FULL_REFRESH ~ ", " ~ window | join(', ') ~ ")"
    ).rows[0] -%}
    {%- if done['message'] -%}
        {%- do exceptions.warn(relation ~ ': ' ~ done['message']) -%}
    {%- endif -%}
    {%- set rows = (done['rows_written'], done['rows_deleted']) -%}
    {%- do store_raw_result(
        name='main',
        message='nothing new' if rows == (0, 0) else rows[0] ~ ' written, ' ~ rows[1] ~ ' deleted',
        code='SKIP' if rows == (0, 0) else 'REFRESH',
        rows_affected=rows[0],
    ) -%}
{%- endmacro %}
