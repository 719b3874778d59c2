{% macro forget_consumed_changes() -%}
    {#- After a build: old versions that every reader has consumed go, and so do the programs and watermarks of models
        that the project no longer has (they would hold old versions for ever), what is said of late rows that were
        deleted, and what old refreshes came to. -#}
    {%- if execute and flags.WHICH in ('build', 'run') -%}
        {%- set names = [] -%}
        {%- for node in graph.nodes.values() if node.config.materialized == 'incremental' -%}
            {%- do names.append(node.schema ~ '.' ~ node.alias) -%}
        {%- endfor -%}
        -- One build at a time: two that delete the same rows in different orders wait for each other for ever.
        select pg_advisory_xact_lock(hashtextextended('tidemark end of a build', 0));
        select ops.forget_vanished_late_rows();
        delete from ops.watermarks where relation <> all({{ text_array(names) }});
        delete from ops.programs where relation <> all({{ text_array(names) }});
        delete from ops.refreshes
        where started_at < now() - interval '{{ var("refreshes_kept_days") | int }} days';
        select ops.forget_consumed_changes(interval '{{ var("changes_kept_days") | int }} days')
    {%- endif -%}
{%- endmacro %}
