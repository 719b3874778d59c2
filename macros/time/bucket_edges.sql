{% macro bucket_edges(unit, bucket) -%}
    {#- [from, to] of a range of time that holds all of the bucket that starts at `bucket`; in UTC nothing else. In other
        zones units from a day on have no fixed length, and where clocks go back over midnight a date begins before its
        midnight: some hours more. -#}
    {%- set hours = {'minute': '1 minute', 'hour': '1 hour', 'day': '24 hours', 'week': '168 hours'} -%}
    {%- set margins = {'day': '28 hours', 'week': '172 hours', 'month': '748 hours'} -%}
    {%- if var('reporting_timezone') == 'UTC' and unit == 'month' -%}
        {{- return([bucket, bucket_start(unit, later(bucket, "interval '768 hours'"))]) -}}
    {%- elif var('reporting_timezone') == 'UTC' or unit not in margins -%}
        {{- return([bucket, later(bucket, "interval '" ~ hours[unit] ~ "'")]) -}}
    {%- endif -%}
    {{- return([earlier(bucket, "interval '3 hours'"), later(bucket, "interval '" ~ margins[unit] ~ "'")]) -}}
{%- endmacro %}
