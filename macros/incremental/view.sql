{#-
    A view that is made anew only when its SQL differs: a build leaves unchanged staging views alone, so
    that it neither waits for their readers nor drops what stands on them. A view whose columns stay is
    replaced in place, under the views that read it. Replaces dbt's own.
-#}
{% materialization view, adapter='postgres' %}
    {%- set target_relation = this.incorporate(type='view') -%}
    {%- set view_sql = without_limits(sql) -%}
    {%- set fingerprint = local_md5(view_sql ~ tojson([model.description, model.columns, config.get('grants')])) -%}

    {{ run_hooks(pre_hooks, inside_transaction=true) }}
    {%- do lock_relation(target_relation) -%}
    {%- set unchanged = run_query(
        "select to_regclass('" ~ target_relation ~ "') is not null and exists (select from ops.views where relation = '"
        ~ relation_name(target_relation) ~ "' and fingerprint = '" ~ fingerprint ~ "')"
    ).rows[0][0] -%}

    {%- if unchanged -%}
        {%- call statement('main') -%} select 'unchanged' {%- endcall -%}
    {%- else -%}
        {%- call statement('main') -%}
            do $view$
            begin
                create or replace view {{ target_relation }} as
                {{ view_sql }};
            exception
                -- Its columns have other names, types or places. Views of this project that stand on it
                -- come after it in the same build.
                when invalid_table_definition then
                    drop view {{ target_relation }} cascade;
                    create view {{ target_relation }} as
                    {{ view_sql }};
            end
            $view$;
            insert into ops.views (relation, fingerprint)
            values ('{{ relation_name(target_relation) }}', '{{ fingerprint }}')
            on conflict (relation) do update set
                fingerprint = excluded.fingerprint, created_at = clock_timestamp()
        {%- endcall -%}
        {%- do apply_grants(target_relation, config.get('grants'), should_revoke=true) -%}
        {%- do persist_docs(target_relation, model) -%}
    {%- endif -%}

    {{ run_hooks(post_hooks, inside_transaction=true) }}
    {%- do adapter.commit() -%}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
