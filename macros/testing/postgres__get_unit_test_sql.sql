{% macro postgres__get_unit_test_sql(main_sql, expected_unit_test_sql, expected_column_names) -%}
    {#-
        What a unit test compares: the model's rows with the expected ones. dbt's own compares numerics by
        their text, so that 120 differs from 120.000000; here both lose their trailing zeros first.
    -#}
    {%- set numerics = [] -%}
    {%- for column in adapter.get_column_schema_from_query(get_empty_subquery_sql(main_sql)) -%}
        {%- if column.dtype == 'DECIMAL' -%}
            {%- do numerics.append(column.quoted) -%}
        {%- endif -%}
    {%- endfor -%}
    with dbt_internal_unit_test_actual as (
        select {{ compared_columns(expected_column_names, numerics) }}, {{ dbt.string_literal('actual') }} as actual_or_expected
        from (
            {{ main_sql }}
        ) as _dbt_internal_unit_test_actual
    ),

    dbt_internal_unit_test_expected as (
        select {{ compared_columns(expected_column_names, numerics) }}, {{ dbt.string_literal('expected') }} as actual_or_expected
        from (
            {{ expected_unit_test_sql }}
        ) as _dbt_internal_unit_test_expected
    )

    select * from dbt_internal_unit_test_actual
    union all
    select * from dbt_internal_unit_test_expected
{%- endmacro %}


{% macro compared_columns(names, numerics) -%}
    {%- for name in names -%}
        {{ 'trim_scale(' ~ name ~ ') as ' ~ name if name in numerics else name }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
