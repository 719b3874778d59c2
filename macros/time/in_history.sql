{% macro in_history(date) -%}
    {#- Whether a date lies in the time that a mart with a row for every date may list: from var history_begins to
        today. What lies before or after it counts in its own buckets, but is no first and no last date. -#}
    {{ date }} between {{ history_begins() }} and {{ local_date(as_of()) }}
{%- endmacro %}
