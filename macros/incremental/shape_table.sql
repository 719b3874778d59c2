{% macro shape_table(relation) -%}
    {#- Fits a table to its contract, edited or new. Rows are kept: this build's result replaces
        those that differ, and the key and not-null come back after it (enforce_key).

        fills={'date': 'an expression over the row'} says what a column that is new to the table holds in rows that are
        there: sealed rows have nothing else to take it from, and the others then equal this build's result. -#}
    {%- set fills = refresh_options().get('fills', {}) -%}
    {%- set wanted = {} -%}
    {%- set types = run_query(
        "select to_regtype(t.name)::text from unnest("
        ~ text_array(table_columns() | map(attribute='type') | list) ~ ") with ordinality as t (name, place)"
        ~ " order by t.place"
    ).rows -%}
    {%- for column in table_columns() -%}
        {%- do wanted.update({column.name: types[loop.index0][0]}) -%}
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
        {%- if name in fills %}
        update {{ relation }} set {{ adapter.quote(name) }} = {{ fills[name] }};
        {%- endif %}
        {%- endfor %}
    {%- endcall -%}
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
