{#-
    dbt's own, one build at a time: of two at once each would add the same versions. A snapshot that another
    build has made since this one began is found, not made again. The database keeps the query for a build without
    dbt (ops.take_snapshot).
-#}
{% materialization snapshot, adapter='postgres' %}
    {%- set relation = this.incorporate(type='table') -%}
    {%- do lock_relation(relation) -%}
    {%- if load_cached_relation(relation) is none
        and run_query("select to_regclass('" ~ relation ~ "') is not null").rows[0][0] -%}
        {%- do adapter.cache_added(relation) -%}
    {%- endif -%}
    {%- set seen = run_query('select ops.current_snapshot()').rows[0][0] -%}
    {%- set made = dbt.materialization_snapshot_default() -%}
    {%- call statement('store_snapshot', auto_begin=true) -%}
        select ops.store_snapshot({{ sql_text(tojson({
            'relation': relation_name(relation),
            'unique_id': model.unique_id,
            'reads': names_of(upstream(model).tables),
            'text': versions_of(relation),
            'seen': seen,
        })) }}::jsonb)
    {%- endcall -%}
    {%- do adapter.commit() -%}
    {{ return(made) }}
{% endmaterialization %}


{% macro versions_of(relation) -%}
    {#- dbt's query for the versions of a snapshot that begin and end, with as_of as a field of the parameter.

        relation: the snapshot's table. -#}
    {%- do model.update({'build': {'mode': 'whole', 'instants': 0}}) -%}
    {%- set table = relation.include(database=false) -%}
    {%- set strategy = strategy_dispatch(config.get('strategy'))(
        model, 'snapshotted_data', 'source_data', model['config'], true
    ) -%}
    {%- set text = snapshot_staging_table(strategy, render(model.raw_code), table) -%}
    {%- do model.pop('build') -%}
    {{- return(text | trim) -}}
{%- endmacro %}
