{% macro days_of_period(period) -%}
    {#- How many dates a day or a week has. -#}
    case {{ period }} when 'day' then 1 else 7 end
{%- endmacro %}
