{#-
    A view that is made anew only when its SQL differs: a build leaves unchanged staging views alone, so
    that it neither waits for their readers nor drops what stands on them. A view whose columns stay is
    replaced in place, under the views that read it. Replaces dbt's own.
-#}
{% materialization view, adapter='postgres' %}
    {%- set target_relation = this.incorporate(type='view') -%}
    {%- set view_sql = rendered('definition').text -%}
    {%- set fingerprint = local_md5(view_sql ~ tojson([model.description, model.columns, config.get('grants')])) -%}

    {{ run_hooks(pre_hooks, inside_transaction=true) }}
    {%- call statement('compare', fetch_result=true, auto_begin=true) -%}
        select
            to_regclass('{{ target_relation }}') is not null
            and exists (
                select from ops.views
                where relation = '{{ relation_name(target_relation) }}' and fingerprint = '{{ fingerprint }}'
            )
    {%- endcall -%}

    {%- if load_result('compare').data[0][0] -%}
        {%- do store_raw_result(name='main', message='unchanged', code='SKIP', rows_affected=0) -%}
    {%- else -%}
        {%- do lock_relation(target_relation) -%}
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
