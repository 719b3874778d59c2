{% macro check_as_of(text) -%}
    {#- Refuses an `as_of` that is no ISO time with a zone, or no time at all. -#}
    {%- set example = 'write an ISO time with its zone, such as 2026-03-10T12:00:00Z, or leave it empty for now' -%}
    {%- if text -%}
        {%- if not is_date(text[:10]) or not modules.re.fullmatch(
            '[T ]([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d{1,6})?)?(Z|[+-](0\\d|1[0-5])(:?[0-5]\\d)?)', text[10:]
        ) -%}
            {%- do refuse_var('as_of', 'is no time with a zone', example) -%}
        {%- elif not run_query(
            "select timestamptz '" ~ text ~ "' between '1970-01-01' and now() + interval '10 years'"
        ).rows[0][0] -%}
            {%- do refuse_var('as_of', 'lies before 1970 or more than ten years ahead', example) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
