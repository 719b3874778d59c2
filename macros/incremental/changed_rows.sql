{% macro changed_rows(relation, tide, only_replaced=false) -%}
    {#-
        A subquery: the row versions of a relation that were written or replaced by transactions which the
        last build's watermark had not seen.

        A raw table, also when asked for by its staging view (whose derived columns are not there: a scope
        needs only keys): its new versions carry their transaction, its old ones are in ops.changes.
        A model: both are in ops.changes.

        only_replaced: leave out the new versions of a raw table (find_additions).
    -#}
    {%- set raw = raw_table(relation) -%}
    {%- set unseen = unseen_rows('c.xid', tide) -%}
    (
        {%- if raw and not only_replaced %}
        select r.*
        from {{ raw }} as r
        where {{ unseen_rows('r._xid', tide) }}
        union all
        {%- endif %}
        select r.*
        from ops.changes as c
        cross join lateral jsonb_populate_record(null::{{ raw or relation }}, c.row_image) as r
        where c.relation = '{{ relation_name(raw or relation) }}' and {{ unseen }}
    )
{%- endmacro %}


{% macro unseen_rows(xid, tide) -%}
    {#- The condition that the last build's watermark had not seen the transaction of a row. -#}
    ops.is_unseen({{ xid }}, '{{ tide.seen }}'::pg_snapshot)
{%- endmacro %}


{% macro raw_table(relation) -%}
    {#- Of a relation that the model reads: the raw table itself, or the one behind a staging view; none for a
        model. -#}
    {%- for id in model.depends_on.nodes -%}
        {%- set node = graph.sources.get(id) or graph.nodes.get(id) -%}
        {%- if node.schema == relation.schema and (node.identifier or node.alias) == relation.identifier -%}
            {%- if node.resource_type == 'source' -%}
                {{- return(relation) -}}
            {%- elif node.config.materialized == 'view' -%}
                {%- set beneath = upstream(node).tables -%}
                {%- if beneath | length != 1 -%}
                    {%- do exceptions.raise_compiler_error(
                        model.name ~ ': changed() of the view ' ~ node.name ~ ', which reads ' ~ beneath | length
                        ~ ' tables; ask for the changes of each of them'
                    ) -%}
                {%- endif -%}
                {{- return(beneath[0]) -}}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(none) -}}
{%- endmacro %}
