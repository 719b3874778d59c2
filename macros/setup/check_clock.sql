{% macro check_clock() -%}
    {#- Before a build: the vars that say what a day is and when now is mean what people mean by them, or are refused. -#}
    {%- do check_zone(var('reporting_timezone') | string) -%}
    {%- do check_as_of(var('as_of') | string) -%}
    {%- if not is_date(var('history_begins') | string) -%}
        {%- do refuse_var('history_begins', 'is no date', 'write one, such as 1990-01-01') -%}
    {%- endif -%}
{%- endmacro %}
