{% macro snapshot_timestamp_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
    {#- dbt's own never sees a change of a row whose updated_at is null, and once it has taken such a row
        no later change of it either. Here a row without updated_at is a new version where it differs in
        any column, valid from the time of the build. Arguments and result are those of dbt's own. -#}
    {%- set strategy = dbt.snapshot_timestamp_strategy(
        node, snapshotted_rel, current_rel, model_config, target_exists
    ) -%}
    {%- set updated_at = config.get('updated_at') -%}
    {%- set known_at = 'coalesce(' ~ updated_at ~ ', ' ~ as_of() ~ ')' -%}
    {%- set own = text_array([
        'dbt_scd_id', 'dbt_updated_at', 'dbt_valid_from', 'dbt_valid_to', 'dbt_unique_key'
    ]) -%}
    {%- do strategy.update({
        'updated_at': known_at,
        'row_changed': '(case when ' ~ current_rel ~ '.' ~ updated_at ~ ' is not null and '
            ~ snapshotted_rel ~ '.' ~ updated_at ~ ' is not null then ' ~ strategy.row_changed
            ~ ' else to_jsonb(' ~ snapshotted_rel ~ ') - ' ~ own ~ ' <> to_jsonb(' ~ current_rel
            ~ ') - ' ~ own ~ ' end)',
        'scd_id': snapshot_hash_arguments([config.get('unique_key'), known_at]),
    }) -%}
    {{- return(strategy) -}}
{% endmacro %}
