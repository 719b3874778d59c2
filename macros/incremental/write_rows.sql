{% macro write_rows(relation, tide) -%}
    {#- Brings the rows in scope to what the model's SQL gives. Equal rows are left alone, so that nothing
        ripples upward; replaced and new ones are logged for the models above.

        A model with meta keeps_record is a record of what happened: a row once written stays as it was,
        whatever the SQL gives later, and only keys that are not there yet are added: a row that stands is equal to
        what comes of its key. -#}
    {%- set columns = table_columns() | map(attribute='name') | map('string') | list -%}
    {%- set is_record = (config.get('meta') or {}).get('keeps_record', false) -%}
    {%- set compared = config.get('unique_key') if is_record else columns -%}
    {%- do tide.update({'written': 0, 'deleted': 0}) -%}
    {%- if tide.scoped == 0 -%}
        {%- do store_raw_result(name='main', message='nothing new', code='SKIP', rows_affected=0) -%}
    {%- elif tide.whole and tide.empty -%}
        {%- for part in sql_parts(tide) -%}
            {%- call statement('main') -%}
                insert into {{ relation }} ({{ quoted_list(columns) }})
                select {{ quoted_list(columns, 'r') }} from (
                    {{ part }}
                ) as r
                {%- if tide.restrained %}
                where not {{ is_sealed('r', tide) }}
                {%- endif %}
            {%- endcall -%}
            {%- do tide.update({'written': tide.written + load_result('main').response.rows_affected}) -%}
        {%- endfor -%}
        {%- do log_reset(tide) -%}
        {%- call statement('analyze') -%} analyze {{ relation }} {%- endcall -%}
    {%- else -%}
        {%- set hint = hash_many_rows(tide) if tide.additive else '' -%}
        {%- for part in sql_parts(tide) -%}
            {%- call statement('write_result') -%}
                {{ hint if loop.first }}
                {{ 'create temporary table tide_result on commit drop as' if loop.first
                    else 'insert into pg_temp.tide_result' }}
                {{ part }}
            {%- endcall -%}
        {%- endfor -%}
        {#- Rows that are twice in the result, both equal to one that is there, would go unnoticed: hence its key.
            Which rows are there, and which row of the result each of them equals, if any, is looked up once. -#}
        {%- call statement('delete_rows') -%}
            {{ plan_as_usual() if hint }}
            create unique index {{ key_name(relation) }} on pg_temp.tide_result
            ({{ quoted_list(config.get('unique_key')) }}) nulls not distinct;
            {{ analyzed('tide_result') }};
            {{ add_to_result(relation) if tide.added }}
            {{ keep_better(relation) if tide.reads_from }}
            create temporary table tide_matched on commit drop as
            select t.ctid as standing, r.ctid as equal
            from {{ relation }} as t
            {{ 'inner' if is_record else 'left' }} join pg_temp.tide_result as r on {{ same_row(compared) }}
            {%- if tide.scope_columns and not is_record %}
            where
                ({{ quoted_list(tide.scope_columns, 't') }}) in (
                    select {{ quoted_list(tide.scope_columns, 's') }} from pg_temp.tide_scope as s
                )
            {%- endif %};
            with gone as (
                delete from {{ relation }} as t
                using pg_temp.tide_matched as m
                where
                    t.ctid = m.standing and m.equal is null
                    {%- if tide.restrained %}
                    and not {{ is_kept('t', tide) }}
                    {%- endif %}
                returning t.*
            )

            insert into ops.changes (relation, kind, row_image)
            select '{{ tide.name }}', 'old', to_jsonb(gone) from gone
        {%- endcall -%}
        {%- do tide.update({'deleted': load_result('delete_rows').response.rows_affected}) -%}

        {#- By their key, so that neighbours in its index are written one after the other. -#}
        {%- call statement('main') -%}
            with fresh as (
                insert into {{ relation }} as t ({{ quoted_list(columns) }})
                select {{ quoted_list(columns, 'r') }} from pg_temp.tide_result as r
                where
                    not exists (select from pg_temp.tide_matched as m where m.equal = r.ctid)
                    {%- if tide.restrained %}
                    and not {{ is_sealed('r', tide) }}
                    {%- endif %}
                order by {{ quoted_list(config.get('unique_key'), 'r') }}
                returning t.*
            )

            insert into ops.changes (relation, kind, row_image)
            select '{{ tide.name }}', 'new', to_jsonb(fresh) from fresh
        {%- endcall -%}
        {%- do tide.update({'written': load_result('main').response.rows_affected}) -%}
        {%- if tide.reshaped -%}
            {%- do log_reset(tide) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{% macro sql_parts(tide) -%}
    {#- The model's SQL: with the keys that were found as its scope; or, for all keys, without any condition,
        whole or chunk by chunk. -#}
    {%- if tide.whole -%}
        {%- set whole = sealing_sql(
            modules.re.sub('(?s)/[*] in scope.*?/[*] end of in scope [*]/', 'true', sql), tide
        ) -%}
        {{- return(chunked_parts(whole, tide) if config.get('chunks') else [whole]) -}}
    {%- else -%}
        {%- set scoped = sealing_sql(sql | replace(scope_sql(), '    select * from pg_temp.tide_scope'), tide) -%}
        {%- set narrowed = spanned_sql(reaching_sql(scoped, tide)) -%}
        {{- return([narrowing_sql(added_sql(narrowed, tide), tide)]) -}}
    {%- endif -%}
{%- endmacro %}


{% macro same_row(columns) -%}
    {#- Key columns once more on their own where they cannot be null: they make it a hash join. -#}
    {%- set required = table_columns() | selectattr('required') | map(attribute='name') | list -%}
    {%- for column in config.get('unique_key') if column in required %}
    t.{{ adapter.quote(column) }} = r.{{ adapter.quote(column) }} and
    {%- endfor %}
    ({{ quoted_list(columns, 't') }}) is not distinct from ({{ quoted_list(columns, 'r') }})
{%- endmacro %}


{% macro quoted_list(columns, alias='') -%}
    {%- for column in columns -%}
        {{ alias ~ '.' if alias }}{{ adapter.quote(column) }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{% macro log_reset(tide) -%}
    {#- Tells the models above that this one was filled anew, without a row for each row. -#}
    {%- call statement('log_reset') -%}
        insert into ops.changes (relation, kind) values ('{{ tide.name }}', 'reset')
    {%- endcall -%}
{%- endmacro %}
