{% macro tell_warnings(results) -%}
    {#- After a build: the rows that tests have warned of, ten of each, where dbt only says how many there are. -#}
    {%- for result in results or [] if execute and result.status == 'warn' and result.node.resource_type == 'test' -%}
        {%- if result.node.config.meta.get('tells_rows') and result.node.compiled_code -%}
            {%- for row in run_query(result.node.compiled_code ~ ' limit 10').rows -%}
                {%- set words = [] -%}
                {%- for value in row.values() if value is not none -%}
                    {%- do words.append(value | string) -%}
                {%- endfor -%}
                {%- do log('WARN  ' ~ words | join(' · '), info=true) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
