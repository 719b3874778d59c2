{#-
    `tidemark refresh MART --from --to` sets the vars refresh_from and refresh_to (dates): then a build
    computes again, beside what has changed, every key of those dates: those that the model has and those
    that its sources give. Nothing comes of it unless somebody has edited the mart by hand.
-#}
{% macro window_column() -%}
    {#- The column of the scope that a window of dates bounds; none where a scope has no time: then all
        keys are computed again. -#}
    {%- for column in run_query('select * from (' ~ scope_sql() ~ ') as s limit 0').column_names -%}
        {%- if model.columns.get(column, {}).get('data_type') in ('date', 'timestamptz') -%}
            {{- return(column) -}}
        {%- endif -%}
    {%- endfor -%}
    {{- return(none) -}}
{%- endmacro %}


{% macro widen_to_window(column) -%}
    {#- Adds the keys of the window to pg_temp.tide_scope. -#}
    {%- set bounds = [] -%}
    {%- for date in [var('refresh_from'), var('refresh_to')] -%}
        {%- do bounds.append(
            "'" ~ date ~ "'::date" if model.columns[column].data_type == 'date'
            else "('" ~ date ~ "'::timestamp at time zone '" ~ var('reporting_timezone') ~ "')"
        ) -%}
    {%- endfor -%}
    {%- set keys = run_query('select * from pg_temp.tide_scope limit 0').column_names -%}
    {%- call statement('widen_to_window') -%}
        insert into pg_temp.tide_scope ({{ quoted_list(keys) }})
        (
            select {{ quoted_list(keys, 's') }}
            from (
                {{ scope_sql() }}
            ) as s
            where s is not null and s.{{ column }} >= {{ bounds[0] }} and s.{{ column }} < {{ bounds[1] }}
            union
            select {{ quoted_list(keys, 't') }}
            from {{ this }} as t
            where t.{{ column }} >= {{ bounds[0] }} and t.{{ column }} < {{ bounds[1] }}
        )
        except
        select {{ quoted_list(keys, 's') }} from pg_temp.tide_scope as s
    {%- endcall -%}
{%- endmacro %}
