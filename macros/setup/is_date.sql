{% macro is_date(text) -%}
    {#- Whether a text is an ISO date that there is: 2028-02-29, and not 2027-02-29. -#}
    {%- if not modules.re.fullmatch('\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])', text) or text < '0001-01-01' -%}
        {{- return(false) -}}
    {%- endif -%}
    {%- set first = modules.datetime.date(text[:4] | int, text[5:7] | int, 1) -%}
    {#- The 29th and the days after it are of the month or of the next one. -#}
    {{- return((first + modules.datetime.timedelta(days=text[8:] | int - 1)).month == first.month) -}}
{%- endmacro %}
