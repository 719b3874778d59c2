{% macro is_new_to_test(xid, test_begins, relation=none) -%}
    {#-
        The condition that a data test had not seen a row when it looked the last time; true of all rows at its first
        look. The bound comes first, for the index on the transaction id.

        xid: the row's column.
        test_begins: how the test's name begins.
        relation: the table that it is about, where there is one such test for each.
    -#}
    {%- set last_look = "ops.last_look('" ~ test_begins ~ "'" ~ (", '" ~ relation ~ "'" if relation else '') ~ ')' -%}
    {{ xid }} >= (select pg_snapshot_xmin({{ last_look }})::text::bigint)
    and ops.is_unseen({{ xid }}, (select {{ last_look }}))
{%- endmacro %}
