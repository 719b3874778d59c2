{% macro changed(relation) -%}
    {#-
        In a scope: the row versions of a relation that were written or replaced since the last refresh. In the plain
        definition, and where every key is asked for, the relation itself.

        A view gives what its own SQL makes of the changed rows beneath it.
    -#}
    {%- if (model.get('build') or {}).get('mode') in ('narrowed', 'buckets', 'explained') -%}
        {{- changed_of(node_of(relation)) -}}
    {%- else -%}
        {{- relation -}}
    {%- endif -%}
{%- endmacro %}


{% macro changed_of(node) -%}
    {#- The subquery of a node's changed row versions. -#}
    {%- if node.resource_type == 'source' -%}
        {{- changed_raw_rows(named(node), model.build.replaced) -}}
    {%- elif node.config.get('materialized') == 'view' -%}
        {%- set outer = model.build.replaced -%}
        {%- do model.build.update({'replaced': outer or node.name == model.build.only_replaced, 'changed_tables': 0}) -%}
        {%- set view = render(
            '{%- set source = changed_source -%}{%- set ref = changed_ref -%}' ~ node.raw_code
        ) | trim -%}
        {%- do model.build.update({'replaced': outer}) -%}
        {%- if model.build.changed_tables != 1 -%}
            {%- do exceptions.raise_compiler_error(
                model.name ~ ': changed() of the view ' ~ node.name ~ ', which reads ' ~ model.build.changed_tables
                ~ ' tables; ask for the changes of each of them'
            ) -%}
        {%- endif -%}
    (
        {{ view }}
    )
    {%- else -%}
        {{- logged_rows(named(node)) -}}
    {%- endif -%}
{%- endmacro %}


{% macro changed_source(source_name, table_name) -%}
    {#- source() inside of a view that changed() looks through: with an alias, which PostgreSQL 15 asks for. -#}
    {%- do model.build.update({'changed_tables': model.build.changed_tables + 1}) -%}
    {{- changed_raw_rows(source(source_name, table_name), model.build.replaced) }} as changed_rows
{%- endmacro %}


{% macro changed_ref(name) -%}
    {#- ref() inside of a view that changed() looks through; the view gives it an alias. -#}
    {%- set node = node_of(ref(name)) -%}
    {%- if node.resource_type == 'seed' -%}
        {{- return(ref(name)) -}}
    {%- endif -%}
    {%- set rows = changed_of(node) -%}
    {%- if node.config.get('materialized') != 'view' -%}
        {%- do model.build.update({'changed_tables': model.build.changed_tables + 1}) -%}
    {%- endif -%}
    {{- rows -}}
{%- endmacro %}


{% macro changed_raw_rows(table, only_replaced) -%}
    {#- New versions carry their transaction, replaced ones are in ops.changes. -#}
    {%- if model.build.mode == 'explained' or only_replaced -%}
        {{- return(logged_rows(table)) -}}
    {%- endif -%}
    (
        select r.*
        from {{ table }} as r
        where {{ unseen('r._xid') }}
        union all
        select l.*
        from {{ logged_rows(table) }} as l
    )
{%- endmacro %}


{% macro logged_rows(table) -%}
    {#- The versions in ops.changes: of a raw table the replaced ones, of a model both. `tidemark explain` asks a scope of
        one changed row after the other instead, each a `candidate` of its query. -#}
    (
        select r.*
        {%- if model.build.mode == 'explained' %}
        from jsonb_populate_record(null::{{ table }}, candidate.image) as r
        where candidate.relation = '{{ relation_name(table) }}'
        {%- else %}
        from ops.changes as c
        cross join lateral jsonb_populate_record(null::{{ table }}, c.row_image) as r
        where c.relation = '{{ relation_name(table) }}' and {{ unseen('c.xid') }}
        {%- endif %}
    )
{%- endmacro %}


{% macro unseen(xid) -%}
    {#- The condition that the last refresh's snapshot had not seen a transaction: it is later than all that it knew,
        or was open then. -#}
    ({{ xid }} >= ($1).unseen_from or {{ xid }} = any(($1).unfinished))
{%- endmacro %}


{% macro node_of(relation) -%}
    {#- The node that a relation belongs to. -#}
    {%- for node in graph.nodes.values()
        if node.schema == relation.schema and node.alias == relation.identifier
        and node.resource_type in ('model', 'seed', 'snapshot') -%}
        {{- return(node) -}}
    {%- endfor -%}
    {%- for node in graph.sources.values() if node.schema == relation.schema and node.identifier == relation.identifier -%}
        {{- return(node) -}}
    {%- endfor -%}
    {%- do exceptions.raise_compiler_error(model.name ~ ': changed() of ' ~ relation ~ ', which is no node of the project') -%}
{%- endmacro %}
