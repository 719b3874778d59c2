{% macro in_scope() -%}
    {#-
        The condition that a row belongs to the scope. Its arguments are the row's columns that the scope
        names: in_scope('user_id', 'completed_date as date'). The name after `as`, else the column's own,
        is that in the scope. of='x' compares with another CTE made from the scope.

        added=true, in a model of kind delta_merge: rows from reached() may instead be new ones of other keys.

        Where every key is computed it is true, so that it costs nothing there.
    -#}
    {%- set keys = kwargs.get('of', 'scope') -%}
    {%- set sources, names = [], [] -%}
    {%- for column in varargs -%}
        {%- set parts = column.split(' as ') -%}
        {%- do sources.append(parts[0] | trim) -%}
        {%- do names.append(parts[-1].split('.')[-1] | trim) -%}
    {%- endfor -%}
    {%- if not sources -%}
        {{ exceptions.raise_compiler_error(
            model.name ~ ": in_scope() needs the columns of the scope, e.g. in_scope('user_id', 'day as date')"
        ) }}
    {%- endif -%}
    {%- set mode = (model.get('build') or {}).get('mode') -%}
    {%- if mode == 'whole' -%}
        true
    {%- elif mode == 'buckets' and kwargs.get('added') -%}
        {%- set bucket = refresh_options().frozen_by.column -%}
        ({{ sources[names.index(bucket)] }}) in (select {{ keys }}.{{ bucket }} from {{ keys }})
    {%- else -%}
        {%- set or_added = mode == 'narrowed' and kwargs.get('added') -%}
        {{ 'reached._added <> (' if or_added }}({{ sources | join(', ') }}) in (
            select {% for name in names %}{{ keys }}.{{ name }}{{ ', ' if not loop.last }}{% endfor %}
            from {{ keys }}
        ){{ ')' if or_added }}
    {%- endif -%}
{%- endmacro %}
