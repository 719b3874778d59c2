{% macro check_made() -%}
    {#- Refuses a database in which nobody has made a warehouse: its name may be a slip of the pen. -#}
    {%- set known = run_query(
        "select exists (select from pg_class where relname = 'migrations' and relnamespace = "
        ~ "(select oid from pg_namespace where nspname = 'ops')), "
        ~ "(select string_agg(datname, ', ' order by datname) from pg_database "
        ~ "where datallowconn and not datistemplate and has_database_privilege(oid, 'connect'))"
    ).rows[0] -%}
    {%- if not known[0] -%}
        {%- do exceptions.raise_compiler_error(
            'nobody has made a warehouse in the database ' ~ target.dbname ~ '. Databases of this server: ' ~ known[1]
            ~ '. Name another one with TIDEMARK_DATABASE, or make it: TIDEMARK_DATABASE=' ~ target.dbname ~ ' tidemark up'
        ) -%}
    {%- endif -%}
{%- endmacro %}
