{% macro reached(relation, key, time, spans, each=false) -%}
    {#-
        A relation of which a narrowed build reads only the rows that some spans of time reach, by an index
        on (key, time). It may give more rows than are in scope: in_scope() still chooses.

        relation: ref('x').
        key, time: the columns of its index, e.g. 'distinct_id', 'event_at'; key=none for spans of time
        alone, each read by partition and BRIN index.
        spans: a CTE made from the scope: the key, from_at, to_at (half-open; of one key never two that
        overlap, else rows come twice).
        each: read span by span. Right where spans have few keys (or none: key=none), of which a join would
        compare every row with every span of its key: 100 late rows of two million took minutes so, and
        0.4 s span by span. Spans of many keys (distinct_id) are better joined.

        In a model with `adds`, new rows come too (find_additions.sql).

        In the compiled SQL it is the relation itself. A build from nothing reads it whole, or chunk by
        chunk (chunked_parts.sql); the others get a join with the spans in its place (reaching_sql), by the name of
        reached: give it none.
    -#}
    /* reached {{ 'each' if each else 'all' }} by {{ key or 'time' }}, {{ time }} in {{ spans }} */ {{ relation.render() }}
{%- endmacro %}


{% macro reaching_sql(narrowed, tide) -%}
    {%- set marker = ', (\\w+) in (\\w+) [*]/ (\\S+)' -%}
    {#- The bounds as constants come first: they leave out whole partitions, also where the planner
        chooses to read the others whole. -#}
    {%- set joined = modules.re.sub(
        '/[*] reached all by (\\w+)' ~ marker,
        '(select r.* from \\g<3> as k inner join \\g<4> as r on r.\\g<1> = k.\\g<1>'
        ~ ' and r.\\g<2> >= k.from_at and r.\\g<2> < k.to_at'
        ~ ' where r.\\g<2> >= (select min(from_at) from \\g<3>)'
        ~ ' and r.\\g<2> < (select max(to_at) from \\g<3>)) as reached',
        narrowed
    ) -%}
    {%- set additive = tide.additive -%}
    {#- The fence `offset 0` keeps the planner from making a join of it. Without a key to compute again there is no
        span: planning this part takes as long as a small build. -#}
    {%- set new_rows = ' select a.*, true as _added from \\g<4> as a where ' ~ unseen_rows('a._xid', tide)
        ~ " and a.\\g<2> >= '" ~ tide.added_from ~ "' and a.\\g<2> < '" ~ tide.added_to ~ "'" -%}
    {%- set spanned = 'select r.*' ~ (', false as _added' if additive)
        ~ ' from \\g<3> as k cross join lateral (select * from \\g<4> as e where {key}'
        ~ ' e.\\g<2> >= k.from_at and e.\\g<2> < k.to_at offset 0) as r'
        ~ (' union all' ~ new_rows if tide.added) -%}
    {%- if additive and tide.spans_to_read == 1 -%}
        {#- One stretch of time is read between literals: the planner knows its partitions then, and its rows. -#}
        {%- set spanned = "select r.*, false as _added from \\g<4> as r where r.\\g<2> >= '" ~ tide.read_from
            ~ "' and r.\\g<2> < '" ~ tide.read_to ~ "'" ~ (' union all' ~ new_rows if tide.added) -%}
    {%- endif -%}
    {%- if tide.added and tide.added == tide.scoped -%}
        {%- set spanned = new_rows -%}
    {%- endif -%}
    {%- if tide.reads_from -%}
        {#- Most keys are read from late on, and all to the end. Those are joined with what lies after a literal bound,
            so that the planner can weigh one pass over it against look-ups; the few that begin earlier are
            looked up. `<> 1` and `= 1` tell it which of the two are many. -#}
        {%- set early = "(k.from_at < '" ~ tide.reads_from ~ "')::integer" -%}
        {%- set each = 'select r.* from \\g<3> as k inner join \\g<4> as r on r.\\g<1> = k.\\g<1>' -%}
        {%- set spanned = each ~ ' and r.\\g<2> >= k.from_at where ' ~ early ~ ' = 1 union all '
            ~ each ~ ' where ' ~ early ~ " <> 1 and r.\\g<2> >= '" ~ tide.reads_from ~ "'" -%}
    {%- endif -%}
    {%- set timed = modules.re.sub(
        '/[*] reached each by (time)' ~ marker,
        '(' ~ spanned | replace('{key}', '') ~ ') as reached',
        joined
    ) -%}
    {{- return(modules.re.sub(
        '/[*] reached each by (\\w+)' ~ marker,
        '(' ~ spanned | replace('{key}', 'e.\\g<1> = k.\\g<1> and') ~ ') as reached',
        timed
    )) -}}
{%- endmacro %}
