{% macro in_span(time, date) -%}
    {#-
        The condition that a time lies on the dates of the scope, or between them. It leaves out whole
        partitions and lets a BRIN index work; in_scope() still chooses. True in a build from nothing.

        time: the column, never wrapped in a function.
        date: the scope's column of dates in the reporting time zone.
    -#}
    /* in span of {{ date }}: {{ time }} */ true
{%- endmacro %}


{% macro spanned_sql(narrowed) -%}
    {#- The bounds as literals: the planner guesses half a percent of a table for bounds that it does not
        know, and then chose joins that took ten times as long. Some hours more on either side, for dates
        that are longer than from midnight to midnight. Dates far from the others are a span of their own: one late row
        does not cost all that lies between. -#}
    {%- set holder = {'sql': narrowed} -%}
    {%- for marker, date, time in modules.re.findall('(/[*] in span of (\\w+): (\\S+) [*]/ true)', narrowed) -%}
        {%- set parts = [] -%}
        {%- for span in run_query(spans_of_dates(date)).rows -%}
            {%- do parts.append(
                time ~ " >= timestamptz '" ~ span['from_at'] ~ "' and "
                ~ time ~ " < timestamptz '" ~ span['to_at'] ~ "'"
            ) -%}
        {%- endfor -%}
        {%- do holder.update({'sql': holder.sql | replace(marker, '(' ~ parts | join(' or ') ~ ')')}) -%}
    {%- endfor -%}
    {{- return(holder.sql) -}}
{%- endmacro %}


{% macro spans_of_dates(date) -%}
    {#- A query: the spans of the scope's dates, cut at the eight longest gaps of more than a month. As texts, since
        Python knows no time before the year 1 or after 9999. -#}
    with dates as (
        select distinct {{ date }} as date from pg_temp.tide_scope
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
        ({{ date_start('f.date') }} - interval '3 hours')::text as from_at,
        ({{ date_start('l.date + 1') }} + interval '3 hours')::text as to_at
    from firsts as f
    inner join lasts as l on f.place = l.place
    order by f.place
{%- endmacro %}
