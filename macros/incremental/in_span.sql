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
        that are longer than from midnight to midnight. -#}
    {%- set holder = {'sql': narrowed} -%}
    {%- for marker, date, time in modules.re.findall('(/[*] in span of (\\w+): (\\S+) [*]/ true)', narrowed) -%}
        {%- set span = run_query(
            "select min(" ~ date ~ ")::timestamp at time zone '" ~ var('reporting_timezone')
            ~ "' - interval '3 hours' as from_at, (max(" ~ date ~ ") + 1)::timestamp at time zone '"
            ~ var('reporting_timezone') ~ "' + interval '3 hours' as to_at from pg_temp.tide_scope"
        ).rows[0] -%}
        {%- do holder.update({'sql': holder.sql | replace(
            marker,
            time ~ " >= timestamptz '" ~ span['from_at'] ~ "' and "
            ~ time ~ " < timestamptz '" ~ span['to_at'] ~ "'"
        )}) -%}
    {%- endfor -%}
    {{- return(holder.sql) -}}
{%- endmacro %}
