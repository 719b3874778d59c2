{#-
    Replaces dbt's own `incremental` in this project: a build that equals a build from nothing, at a cost
    that follows the change. docs/incremental.md explains it with an example. The build of a model is one
    transaction:

    1. lock the model, and only then note which transactions are visible: the new watermark, and all that
       this build reads;
    2. scope: the keys of rows that the old watermark had not seen, in their new and their old versions;
    3. result: the model's own SQL for these keys (for all keys from nothing, and after an edit);
    4. delete what is in scope and not in the result, insert what is missing, log both for the readers;
       sealed time stays as it is (read_sealed_time.sql);
    5. store the watermark.
-#}
{% materialization incremental, adapter='postgres' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- do check_config() -%}

    {%- do begin_build(target_relation) -%}
    {{ run_hooks(pre_hooks, inside_transaction=true) }}
    {%- set tide = read_tide(target_relation) -%}

    {%- if tide.edited or tide.reshaped -%}
        {%- do get_assert_columns_equivalent(without_limits(sql)) -%}
    {%- endif -%}
    {%- if tide.reshaped -%}
        {%- do shape_table(target_relation) -%}
    {%- endif -%}
    {%- if flags.EMPTY -%}
        {%- call statement('main') -%} select 'shape only: --empty' {%- endcall -%}
    {%- else -%}
        {%- do write_scope(tide) -%}
        {%- do write_rows(target_relation, tide) -%}
        {%- do settle_late_rows(tide) -%}
        {%- do say_where_history_starts(tide) -%}
        {%- do store_watermark(target_relation, tide) -%}
    {%- endif -%}
    {%- if tide.reshaped -%}
        {%- do enforce_key(target_relation) -%}
    {%- endif -%}
    {%- if tide.unsettled -%}
        {%- do settle_table(target_relation) -%}
    {%- endif -%}

    {{ run_hooks(post_hooks, inside_transaction=true) }}
    {%- do adapter.commit() -%}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
