{% macro shape_table(relation, tide) -%}
    {#- Makes the table, or fits an older one to the edited contract. Rows are kept: this build's result
        replaces those that differ, and the key and not-null come back after it (enforce_key). -#}
    {%- if tide.missing -%}
        {#- The watermark of a table that is gone must not speak for this one, which --empty leaves empty. -#}
        {%- call statement('create_table') -%}
            delete from ops.watermarks where relation = '{{ tide.name }}';
            create table {{ relation }} (
                {%- for column in table_columns() %}
                {{ adapter.quote(column.name) }} {{ column.type }}{{ ',' if not loop.last }}
                {%- endfor %}
            )
        {%- endcall -%}
    {%- else -%}
        {%- set wanted = {} -%}
        {%- for column in table_columns() -%}
            {%- set type = run_query("select to_regtype('" ~ column.type ~ "')::text").rows[0][0] -%}
            {%- do wanted.update({column.name: type}) -%}
        {%- endfor -%}
        {%- set present = run_query(
            "select attname, format_type(atttypid, null) as type from pg_attribute"
            ~ " where attrelid = '" ~ relation ~ "'::regclass and attnum > 0 and not attisdropped"
        ).rows -%}
        {%- set names = [] -%}
        {%- call statement('reshape_table') -%}
            alter table {{ relation }} drop constraint if exists {{ key_name(relation) }};
            {%- for column in present %}
            {%- do names.append(column['attname']) -%}
            {%- set quoted = adapter.quote(column['attname']) %}
            {%- if column['attname'] not in wanted %}
            alter table {{ relation }} drop column {{ quoted }};
            {%- else %}
            alter table {{ relation }} alter column {{ quoted }} drop not null;
            {%- if column['type'] != wanted[column['attname']] %}
            alter table {{ relation }} alter column {{ quoted }} type {{ wanted[column['attname']] }}
            using {{ quoted }}::{{ wanted[column['attname']] }};
            {%- endif %}
            {%- endif %}
            {%- endfor %}
            {%- for name in wanted if name not in names %}
            alter table {{ relation }} add column {{ adapter.quote(name) }} {{ wanted[name] }};
            {%- endfor %}
        {%- endcall -%}
    {%- endif -%}
{%- endmacro %}


{% macro enforce_key(relation) -%}
    {#- The grain's key and not-null, by the database: a build that breaks them rolls back whole. -#}
    {%- call statement('enforce_key') -%}
        alter table {{ relation }}
            add constraint {{ key_name(relation) }} unique nulls not distinct (
                {%- for column in config.get('unique_key') %}
                {{ adapter.quote(column) }}{{ ',' if not loop.last }}
                {%- endfor %}
            )
            {%- for column in table_columns() if column.required %},
            alter column {{ adapter.quote(column.name) }} set not null
            {%- endfor %}
    {%- endcall -%}
{%- endmacro %}


{% macro key_name(relation) -%}
    {{- return(adapter.quote(relation.identifier[:55] ~ '_grain')) -}}
{%- endmacro %}
