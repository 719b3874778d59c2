{% macro reached(relation, key, time, spans) -%}
    {#-
        A relation of which a narrowed build reads only the rows that some spans of time reach, by an index
        on (key, time). It may give more rows than are in scope: in_scope() still chooses.

        relation: ref('x').
        key, time: the columns of its index, e.g. 'distinct_id', 'event_at'.
        spans: a CTE made from the scope: the key, from_at, to_at (half-open; of one key never two that
        overlap, else rows come twice).

        In the compiled SQL it is the relation itself. A build from nothing reads it whole; the others
        get a join with the spans in its place (reaching_sql), by the name of reached: give it none.
    -#}
    /* reached by {{ key }}, {{ time }} in {{ spans }} */ {{ relation.render() }}
{%- endmacro %}


{% macro reaching_sql(narrowed) -%}
    {#- The bounds as constants come first: they leave out whole partitions, also where the planner
        chooses to read the others whole. -#}
    {{- return(modules.re.sub(
        '/[*] reached by (\\w+), (\\w+) in (\\w+) [*]/ (\\S+)',
        '(select r.* from \\g<3> as k inner join \\g<4> as r on r.\\g<1> = k.\\g<1>'
        ~ ' and r.\\g<2> >= k.from_at and r.\\g<2> < k.to_at'
        ~ ' where r.\\g<2> >= (select min(from_at) from \\g<3>)'
        ~ ' and r.\\g<2> < (select max(to_at) from \\g<3>)) as reached',
        narrowed
    )) -}}
{%- endmacro %}
