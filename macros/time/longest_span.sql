{% macro longest_span(period, buckets) -%}
    {#-
        An interval that is at least as long as so many buckets of a period, and not much longer.
    -#}
    ({{ buckets }} + 1) * case {{ period }}
        when 'hour' then interval '1 hour'
        when 'day' then interval '26 hours'
        when 'week' then interval '170 hours'
        when 'month' then interval '746 hours'
        else interval '2234 hours'
    end
{%- endmacro %}
