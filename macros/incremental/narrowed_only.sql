{% macro narrowed_only(condition) -%}
    {#- A condition that is true in a build from nothing, and so in the compiled SQL; a narrowed build asks
        for it if it adds to counts. It may hold no comment. `tide_consumed(x._xid, x.time)` in it says that an
        earlier build has consumed the row x, and that a key that is added to may have counted it: its time lies
        between literal bounds, which leave out partitions before a probe begins. -#}
    /* narrowed only: {{ condition }} */ true
{%- endmacro %}


{% macro narrowing_sql(narrowed, tide) -%}
    {%- if not tide.added -%}
        {{- return(narrowed) -}}
    {%- endif -%}
    {{- return(modules.re.sub(
        'tide_consumed[(]([^,)]+), ([^)]+)[)]',
        'not (' ~ unseen_rows('\\g<1>', tide) ~ ") and \\g<2> >= '" ~ tide.counted_from
        ~ "' and \\g<2> < '" ~ tide.counted_to ~ "'",
        modules.re.sub('(?s)/[*] narrowed only: (.*?) [*]/ true', '(\\g<1>)', narrowed)
    )) -}}
{%- endmacro %}
