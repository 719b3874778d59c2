{% macro reached(relation, key, time, spans, each=false) -%}
    {#-
        A relation of which a narrowed refresh reads only the rows that some spans of time reach, by an index
        on (key, time). It may give more rows than are in scope: in_scope() still chooses.

        relation: ref('x').
        key, time: the columns of its index, e.g. 'distinct_id', 'event_at'; key=none for spans of time
        alone, each read by partition and by an index that begins with the time.
        spans: a CTE made from the scope: the key, from_at, to_at (half-open; of one key never two that
        overlap, else rows come twice).
        each: read span by span. Right where spans have few keys (or none: key=none), of which a join would
        compare every row with every span of its key: 100 late rows of two million took minutes so, and
        0.4 s span by span. Spans of many keys (distinct_id) are better joined.

        In the plain definition it is the relation itself; a refresh of all keys reads it whole, or batch by batch. It
        is called reached: give it no alias.
    -#}
    {%- set mode = (model.get('build') or {}).get('mode') -%}
    {%- if mode == 'whole' and refresh_options().get('batch') -%}
        (select c.* from {{ relation }} as c where c.{{ time }} >= ($1).batch_from and c.{{ time }} < ($1).batch_to) as reached
    {%- elif mode not in ('narrowed', 'buckets') -%}
        {{ relation }}
    {%- elif not each -%}
        {#- The bounds as constants come first: they leave out whole partitions, also where the planner chooses to
            read the others whole. -#}
        (select r.* from {{ spans }} as k inner join {{ relation }} as r on r.{{ key }} = k.{{ key }}
        and r.{{ time }} >= k.from_at and r.{{ time }} < k.to_at
        where r.{{ time }} >= (select min(from_at) from {{ spans }})
        and r.{{ time }} < (select max(to_at) from {{ spans }})) as reached
    {%- elif refresh_options().kind == 'retain_best' -%}
        {#- Most keys are read from late on, and all to the end. Those are joined with what lies after one bound, so
            that the planner can weigh one pass over it against look-ups; the few that begin earlier are looked up.
            `<> 1` and `= 1` tell it which of the two are many. -#}
        {%- set early = '(k.from_at < ($1).reads_from)::integer' -%}
        {%- set joined = 'select r.* from ' ~ spans ~ ' as k inner join ' ~ relation ~ ' as r on r.' ~ key ~ ' = k.' ~ key
            ~ ' and r.' ~ time ~ ' >= k.from_at' -%}
        ({{ joined }} where {{ early }} = 1
        union all
        {{ joined }} where {{ early }} <> 1 and r.{{ time }} >= ($1).reads_from) as reached
    {%- elif refresh_options().kind == 'delta_merge' -%}
        {{- reached_by_delta(relation, time, spans) -}}
    {%- else -%}
        (select r.* from {{ span_by_span(relation, key, time, spans) }}) as reached
    {%- endif -%}
{%- endmacro %}


{% macro span_by_span(relation, key, time, spans) -%}
    {#- The fence `offset 0` keeps the planner from making a join of it. -#}
    {{ spans }} as k cross join lateral (select * from {{ relation }} as e where {{ 'e.' ~ key ~ ' = k.' ~ key ~ ' and' if key }}
        e.{{ time }} >= k.from_at and e.{{ time }} < k.to_at offset 0) as r
{%- endmacro %}
