{% macro in_sealed_time(time) -%}
    {#- The condition that a time is sealed, for the SQL of a model with sealed_by={'sql': true}; false in
        the compiled SQL. -#}
    /* in sealed time: {{ time }} */ false
{%- endmacro %}


{% macro sealing_sql(text, tide) -%}
    {#- The SQL with spans in the place of in_sealed_time(). -#}
    {%- set holder = {'text': text} -%}
    {%- for marker, time in modules.re.findall('(/[*] in sealed time: (\\S+) [*]/ false)', text) -%}
        {%- set parts = [] -%}
        {%- for span in tide.sealed -%}
            {%- do parts.append(
                '(' ~ time ~ " >= '" ~ span.from_at ~ "' and " ~ time ~ " < '" ~ span.to_at ~ "')"
            ) -%}
        {%- endfor -%}
        {%- do holder.update({'text': holder.text | replace(
            marker, '(' ~ parts | join(' or ') ~ ')' if parts else 'false'
        )}) -%}
    {%- endfor -%}
    {{- return(holder.text) -}}
{%- endmacro %}
