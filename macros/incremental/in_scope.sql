{% macro in_scope() -%}
    {#-
        The condition that a row belongs to the scope. Its arguments are the row's columns that the scope
        names: in_scope('user_id', 'completed_date as date'). The name after `as`, else the column's own,
        is that in the scope. of='x' compares with another CTE made from the scope.

        added=true, in a model with `adds`: rows from reached() may instead be new ones of other keys.

        A build from nothing leaves the whole condition out, so that it costs nothing there.
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
    /* in scope{{ ' or added: ' ~ varargs | join('; ') if kwargs.get('added') }} */ ({{ sources | join(', ') }}) in (
        select {% for name in names %}{{ keys }}.{{ name }}{{ ', ' if not loop.last }}{% endfor %}
        from {{ keys }}
    ) /* end of in scope */
{%- endmacro %}
