{% macro flattened(view_sql) -%}
    {#-
        A view's SQL with its CTEs put in place as subqueries. PostgreSQL does not merge a view that has a
        WITH into the query that reads it, so a join cannot reach the indexes below: a build that needs
        the rows of twenty users then reads the whole table.

        view_sql: text in the house's shape, where each CTE begins with `name as (` and ends with `)`,
        both at the start of a line. Any other text is returned as it is.
    -#}
    {%- set ctes = modules.re.findall('(?ms)^(\\w+) as [(]\n(.*?)\n[)],?$', view_sql) -%}
    {%- if not ctes or 'recursive' in view_sql -%}
        {{- return(view_sql) -}}
    {%- endif -%}
    {%- set done = {} -%}
    {%- for name, body in ctes -%}
        {%- do done.update({name: in_place(body, done)}) -%}
    {%- endfor -%}
    {{- return(done[ctes[-1][0]]) -}}
{%- endmacro %}


{% macro in_place(body, ctes) -%}
    {#- A CTE's body with the CTEs before it written out where it reads them. -#}
    {%- set holder = {'sql': body} -%}
    {%- for name, text in ctes.items() -%}
        {%- set reads = '\\b(from|join) ' ~ name ~ '\\b(?! as )' -%}
        {%- set named = '\\b(from|join) ' ~ name ~ ' as ' -%}
        {%- set text = text | replace('\\', '\\\\') -%}
        {%- do holder.update({
            'sql': modules.re.sub(
                reads, '\\g<1> (' ~ text ~ ') as ' ~ name,
                modules.re.sub(named, '\\g<1> (' ~ text ~ ') as ', holder.sql)
            )
        }) -%}
    {%- endfor -%}
    {{- return(holder.sql) -}}
{%- endmacro %}
