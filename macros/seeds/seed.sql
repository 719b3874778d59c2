{#-
    A seed is replaced in one transaction under a lock of its own, so that any number of builds may load it at
    once: each waits for the one before it, and readers see all of its rows as they were or all as they are
    now. Where the file says what the table says, nothing is written. A changed header changes the table's
    columns in place, under the views that read it. Replaces dbt's own, which empties the table without a lock.
-#}
{% materialization seed, adapter='postgres' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set file = try_or_compiler_error(
        model.original_file_path ~ ' cannot be read; which line and why: tidemark build --select ' ~ model.name,
        load_agate_table,
    ) -%}
    {%- do store_result('agate_table', response='OK', agate_table=file) -%}
    {%- set columns = seed_columns(file) -%}

    {%- do lock_relation(target_relation) -%}
    {{ run_hooks(pre_hooks, inside_transaction=true) }}
    {%- set reshaped = shape_seed(target_relation, columns) -%}
    {%- set written = write_seed(target_relation, columns, file) -%}
    {%- if reshaped or written is not none -%}
        {#- Without statistics the planner takes a seed for hundreds of rows. -#}
        {%- call statement('analyze') -%} analyze {{ target_relation }} {%- endcall -%}
    {%- endif -%}
    {%- do store_raw_result(
        name='main',
        message='unchanged' if written is none else 'INSERT ' ~ written,
        code='SKIP' if written is none else 'INSERT',
        rows_affected=written or 0,
    ) -%}

    {{ run_hooks(post_hooks, inside_transaction=true) }}
    {%- do adapter.commit() -%}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{% macro seed_columns(file) -%}
    {#- The file's columns as a list of {name, quoted, type}; a type that nobody named is that of the values. An
        optional column (meta: rules: optional) that the file leaves out is there all the same, and empty. -#}
    {%- set columns = [] -%}
    {%- set named = config.get('column_types') or {} -%}
    {%- for name in file.column_names -%}
        {%- do columns.append({
            'name': name,
            'quoted': adapter.quote(name),
            'type': named.get(name) or adapter.convert_type(file, loop.index0),
        }) -%}
    {%- endfor -%}
    {%- for column in model.columns.values() -%}
        {%- if column.name not in file.column_names and (column.config.meta.rules or {}).optional -%}
            {%- do columns.append({
                'name': column.name,
                'quoted': adapter.quote(column.name),
                'type': named.get(column.name) or column.data_type,
            }) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(columns) -}}
{%- endmacro %}


{% macro shape_seed(relation, columns) -%}
    {#- Fits the table to the file's columns, grants and descriptions; whether that was needed. A column of
        another type is made anew: its rows come from the file. -#}
    {%- set fingerprint = local_md5(tojson([columns, model.description, model.columns, config.get('grants')])) -%}
    {%- set stored = run_query(
        "select fingerprint from ops.views where relation = '" ~ relation_name(relation)
        ~ "' and to_regclass('" ~ relation ~ "') is not null"
    ).rows -%}
    {%- if stored and stored[0][0] == fingerprint -%}
        {{- return(false) -}}
    {%- endif -%}
    {%- call statement('make_seed') -%}
        create table if not exists {{ relation }} ()
    {%- endcall -%}
    {%- set wanted = {} -%}
    {%- for column in columns -%}
        {%- do wanted.update({column.name: column.type}) -%}
    {%- endfor -%}
    {%- set present = run_query(
        "select a.attname, format_type(a.atttypid, null) as type, to_regtype(w.type)::text as wanted"
        ~ " from pg_attribute as a left join unnest(" ~ text_array(wanted.keys()) ~ ", "
        ~ text_array(wanted.values()) ~ ") as w (name, type) on a.attname = w.name"
        ~ " where a.attrelid = '" ~ relation ~ "'::regclass and a.attnum > 0 and not a.attisdropped"
    ).rows -%}
    {%- set kept = [] -%}
    {%- call statement('shape_seed') -%}
        select 'its columns';
        {%- for column in present %}
        {%- if column['type'] == column['wanted'] %}
        {%- do kept.append(column['attname']) %}
        {%- else %}
        alter table {{ relation }} drop column {{ adapter.quote(column['attname']) }} cascade;
        {%- endif %}
        {%- endfor %}
        {%- for column in columns if column.name not in kept %}
        alter table {{ relation }} add column {{ column.quoted }} {{ column.type }};
        {%- endfor %}
        insert into ops.views (relation, fingerprint)
        values ('{{ relation_name(relation) }}', '{{ fingerprint }}')
        on conflict (relation) do update set
            fingerprint = excluded.fingerprint, created_at = clock_timestamp()
    {%- endcall -%}
    {%- do apply_grants(relation, config.get('grants'), should_revoke=true) -%}
    {%- do persist_docs(relation, model) -%}
    {{- return(true) -}}
{%- endmacro %}


{% macro write_seed(relation, columns, file) -%}
    {#- Replaces the table's rows by the file's where they differ, in whatever order they stand; how many were
        written, none where they are the same. A line without any value is no row. -#}
    {%- set names = columns | map(attribute='quoted') | join(', ') -%}
    {%- set rows = [] -%}
    {%- for row in file.rows -%}
        {%- set values = {} -%}
        {%- for column in columns -%}
            {%- if column.name in file.column_names and row[column.name] is not none -%}
                {%- do values.update({column.name: row[column.name] | string}) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if values -%}
            {%- do rows.append(values) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set query -%}
        with file as materialized (
            select f.*
            from rows from (
                jsonb_to_recordset(%s::jsonb) as (
                    {%- for column in columns %}
                    {{ column.quoted }} {{ column.type }}{{ ',' if not loop.last }}
                    {%- endfor %}
                )
            ) with ordinality as f ({{ names }}, "_place")
        ),

        compared as materialized (
            select
                exists (
                    select row({{ names }})::text from file
                    except all
                    select row({{ names }})::text from {{ relation }}
                )
                or exists (
                    select row({{ names }})::text from {{ relation }}
                    except all
                    select row({{ names }})::text from file
                ) as differ
        ),

        removed as (
            delete from {{ relation }} using compared where compared.differ
        ),

        written as (
            insert into {{ relation }} ({{ names }})
            select {{ names }} from file where (select differ from compared) order by "_place"
            returning 1
        )

        select compared.differ, (select count(*) from written) from compared
    {%- endset -%}
    {%- set differ, written = adapter.add_query(query, bindings=[tojson(rows)], abridge_sql_log=true)[1].fetchone() -%}
    {{- return(written if differ else none) -}}
{%- endmacro %}
