{% macro in_span(time, date) -%}
    {#-
        The condition that a time lies on the dates of the scope, or between them. It leaves out whole
        partitions and lets a BRIN index work; in_scope() still chooses. True where every key is computed.

        The bounds are found once the keys are known: the planner guesses half a percent of a table for bounds that it
        does not know, and then chose joins that took ten times as long. Some hours more on either side, for dates
        that are longer than from midnight to midnight. Dates far from the others are a span of their own: one late row
        does not cost all that lies between.
    -#}
    {%- if (model.get('build') or {}).get('mode') in ('narrowed', 'buckets') -%}
        {%- do model.build.update({'span':
            'select array_agg(s.from_at order by s.from_at), array_agg(s.to_at order by s.from_at) from ('
            ~ spans_of_dates(date) ~ ') as s'
        }) -%}
        {#- As many conditions as there can be spans; those that are not needed repeat the last. -#}
        (
        {%- for place in range(1, 10) %}
        {%- set at = '[least(' ~ place ~ ', cardinality(($1).spans_from))]' %}
        {{ 'or ' if not loop.first }}{{ time }} >= ($1).spans_from{{ at }} and {{ time }} < ($1).spans_to{{ at }}
        {%- endfor %}
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}


{% macro spans_of_dates(date) -%}
    {#- A query: the spans of the scope's dates, cut at the eight longest gaps of more than a month. -#}
    with dates as (
        select distinct {{ date }} as date from pg_temp.affected_keys
    ),

    gaps as (
        select date, lag(date) over (order by date) as date_before from dates
    ),

    cuts as (
        select date, date_before from gaps where date - date_before > 31 order by date - date_before desc, date limit 8
    ),

    firsts as (
        select date, row_number() over (order by date) as place
        from (select min(date) as date from dates union all select date from cuts) as f
    ),

    lasts as (
        select date, row_number() over (order by date) as place
        from (select max(date) as date from dates union all select date_before from cuts) as l
    )

    select
        ({{ date_start('f.date') }} - interval '3 hours') as from_at,
        ({{ date_start('l.date + 1') }} + interval '3 hours') as to_at
    from firsts as f
    inner join lasts as l on f.place = l.place
    order by f.place
{%- endmacro %}
