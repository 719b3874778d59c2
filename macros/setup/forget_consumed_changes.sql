{% macro forget_consumed_changes() -%}
    {#- After a build: the programs and watermarks of models that the project no longer has go (they would hold old
        versions for ever), its tests, snapshots and failures too, and what is no longer needed (ops.end_of_build). The build leaves
        its name, by which `tidemark build` knows that it was this database: unless a model is one that dbt alone can
        build, so that every build has to start dbt. -#}
    {%- if execute and flags.WHICH in ('build', 'run') -%}
        {%- set models, snapshots, tests, named, only_by_dbt = [], [], [], [], [] -%}
        {%- for node in graph.nodes.values() -%}
            {%- if node.config.materialized == 'tidemark_incremental' -%}
                {%- do models.append(node.schema ~ '.' ~ node.alias) -%}
            {%- elif node.resource_type == 'model' and node.config.materialized not in ('view', 'ephemeral') -%}
                {%- do only_by_dbt.append(node.unique_id) -%}
            {%- elif node.resource_type == 'snapshot' -%}
                {%- do snapshots.append(node.schema ~ '.' ~ node.alias) -%}
            {%- elif node.resource_type == 'test' -%}
                {%- do tests.append(node.unique_id) -%}
                {%- do named.append(node.name) -%}
            {%- elif node.resource_type == 'seed' -%}
                {%- do named.append(node.schema ~ '.' ~ node.alias) -%}
            {%- endif -%}
        {%- endfor -%}
        -- One build at a time: two that delete the same rows in different orders wait for each other for ever.
        select pg_advisory_xact_lock(hashtextextended('tidemark end of a build', 0));
        delete from ops.watermarks where relation <> all({{ text_array(models) }});
        delete from ops.programs where relation <> all({{ text_array(models) }});
        delete from ops.snapshots where relation <> all({{ text_array(snapshots) }});
        delete from ops.tests where unique_id <> all({{ text_array(tests) }});
        delete from ops.refreshes where message is not null and relation <> all({{ text_array(models + named) }});
        select ops.end_of_build(
            interval '{{ var("changes_kept_days") | int }} days', interval '{{ var("refreshes_kept_days") | int }} days'
        )
        {%- if not only_by_dbt -%}
        ;
        select ops.keep_setting('last_dbt_build', '{{ invocation_id }}')
        {%- endif %}
    {%- endif -%}
{%- endmacro %}
