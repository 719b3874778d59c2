{% macro can_be_key(table) -%}
    {#- Whether columns of a raw table fit into keys: each holds at most 512 bytes. The table's constraints refuse new
        rows with longer ones; where the database has checked all rows, no row is asked, which would take as long as a
        tenth of counting an event. The sign of a difference is that of any of them, and of an inequality the planner
        believes that it holds for nearly all rows. -#}
    (
        (select ops.keys_are_checked('{{ table }}'))
        or (
            {%- for column in varargs %}
            512 - coalesce(octet_length({{ column }}), 0){{ ' |' if not loop.last }}
            {%- endfor %}
        ) >> 31 <> -1
    )
{%- endmacro %}
