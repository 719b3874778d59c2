{% macro in_scope() -%}
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
    /* in scope */ ({{ sources | join(', ') }}) in (
        select {% for name in names %}{{ keys }}.{{ name }}{{ ', ' if not loop.last }}{% endfor %}
        from {{ keys }}
    ) /* end of in scope */
{%- endmacro %}
