{% macro write_scope(tide) -%}
    {#- Fills pg_temp.tide_scope with the keys to compute again, unless all of them are. A key with a null
        belongs to no row of the mart. -#}
    {%- if tide.whole -%}
        {%- do tide.update({'scope_columns': [], 'scoped': none}) -%}
    {%- else -%}
        {%- set scoped = modules.re.sub(
            '/[*] changed [*]/ "[^"]+"[.]"([^"]+)"[.]"([^"]+)"', '{changed:\\g<1>.\\g<2>}', scope_sql()
        ) -%}
        {%- set holder = {'sql': scoped} -%}
        {%- for parent in upstream(model).views + upstream(model).tables -%}
            {%- set marker = '{changed:' ~ relation_name(parent) ~ '}' -%}
            {%- if marker in holder.sql -%}
                {%- do holder.update({'sql': holder.sql | replace(marker, changed_rows(parent, tide))}) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- call statement('write_scope') -%}
            create temporary table tide_scope on commit drop as
            select distinct s.* from (
                {{ holder.sql }}
            ) as s
            where s is not null
        {%- endcall -%}
        {%- do run_query('analyze pg_temp.tide_scope') -%}
        {%- set keys = run_query('select * from pg_temp.tide_scope limit 0').column_names -%}
        {%- do check_scope_columns(keys) -%}
        {%- do tide.update({
            'scope_columns': keys,
            'scoped': run_query('select count(*) from pg_temp.tide_scope').rows[0][0] | int,
        }) -%}
    {%- endif -%}
{%- endmacro %}


{% macro check_scope_columns(keys) -%}
    {%- set required = table_columns() | selectattr('required') | map(attribute='name') | list -%}
    {%- for key in keys if key not in required -%}
        {%- do exceptions.raise_compiler_error(
            model.name ~ ': its scope yields ' ~ key ~ ', which is no not-null column of its contract; '
            ~ 'a scope names columns of the model, so that its old rows can be found'
        ) -%}
    {%- endfor -%}
{%- endmacro %}
