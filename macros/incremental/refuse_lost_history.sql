{% macro refuse_lost_history(relation) -%}
    {#- Before a table is made: if it was there and has been dropped, and what it was made of is archived,
        the marts above would lose their history with it. -#}
    {%- if refresh_options().get('frozen_by') and relation.schema == 'intermediate' and not var('accept_lost_history') -%}
        {%- set tables = [] -%}
        {%- for table in upstream(model).tables -%}
            {%- do tables.append(relation_name(table)) -%}
        {%- endfor -%}
        {%- if run_query(
            "select exists (select from ops.watermarks where relation = '" ~ relation_name(relation)
            ~ "') and exists (select from ops.sealed_periods where reopened_at is null and relation = any("
            ~ text_array(tables) ~ "))"
        ).rows[0][0] -%}
            {%- do exceptions.raise_compiler_error(
                relation_name(relation) ~ ' has been dropped, and raw rows that it was made of are archived: the'
                ~ ' marts above it would lose their history. Bring the raw rows back with `tidemark restore`, or'
                ~ " accept the loss with --vars 'accept_lost_history: true'"
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
