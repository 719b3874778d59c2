{% macro without_limits(sql) -%}
    {#- Undoes what `--empty` makes of each ref, `(select * from x where false limit 0) alias`: a view has
        to stay what it is, and a model's contract is checked on the SQL that it really has. -#}
    {{- return(modules.re.sub(
        '[(]select [*] from (\\S+) where false limit 0[)](?: _dbt_limit_subq_\\w+)?', '\\1', sql
    )) -}}
{%- endmacro %}
