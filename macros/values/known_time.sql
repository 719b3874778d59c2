{% macro known_time(column) -%}
    {#- A time, null where it is infinite: that is unknown. Not for the column by which a raw table is read: it stands
        bare in conditions (has_time). -#}
    case when {{ has_time(column) }} then {{ column }} end
{%- endmacro %}


{% macro has_time(column) -%}
    {#- Whether a time or date is known. A bare comparison leaves the planner its statistics and partitions. -#}
    {{ column }} > '-infinity' and {{ column }} < 'infinity'
{%- endmacro %}
