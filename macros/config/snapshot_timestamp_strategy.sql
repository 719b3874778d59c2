{% macro snapshot_timestamp_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
    {#- History that follows raw: a row is a new version where it differs from the present one in any column, whatever
        its updated_at says, and versions are valid by one clock, as_of. dbt's own trusts updated_at: it never sees a
        change that leaves it, moves it back or has none, and dates versions by the writer's clock. The key of a version
        is of its build, so that what comes back as it was, or changes twice at one as_of, has another one. Arguments
        and result are those of dbt's own. -#}
    {%- set strategy = dbt.snapshot_timestamp_strategy(
        node, snapshotted_rel, current_rel, model_config, target_exists
    ) -%}
    {%- set own = text_array([
        'dbt_scd_id', 'dbt_updated_at', 'dbt_valid_from', 'dbt_valid_to', 'dbt_unique_key'
    ]) -%}
    {%- do strategy.update({
        'updated_at': as_of(),
        'row_changed': 'to_jsonb(' ~ snapshotted_rel ~ ') - ' ~ own ~ ' <> to_jsonb(' ~ current_rel ~ ') - ' ~ own,
        'scd_id': snapshot_hash_arguments([config.get('unique_key'), as_of(), 'pg_current_xact_id()::text']),
    }) -%}
    {{- return(strategy) -}}
{% endmacro %}
