{% macro in_span(time, of) -%}
    {#-
        The condition that a time lies between the first from_at and the last to_at of a CTE made from the
        scope. It leaves out whole partitions, and lets a BRIN index work; in_scope() still chooses.

        time: the column, never wrapped in a function.
        of: the CTE, with from_at and to_at.
    -#}
    /* in scope */ (
        {{ time }} >= (select min({{ of }}.from_at) from {{ of }})
        and {{ time }} < (select max({{ of }}.to_at) from {{ of }})
    ) /* end of in scope */
{%- endmacro %}
