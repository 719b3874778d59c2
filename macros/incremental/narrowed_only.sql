{% macro narrowed_only(condition) -%}
    {#- A condition that is true in a build from nothing, and so in the compiled SQL; a narrowed build asks
        for it. It may hold no comment. `tide_consumed(x._xid)` in it says that an earlier build has consumed
        the row x. -#}
    /* narrowed only: {{ condition }} */ true
{%- endmacro %}


{% macro narrowing_sql(narrowed, tide) -%}
    {{- return(modules.re.sub(
        'tide_consumed[(]([^)]+)[)]',
        'not (' ~ unseen_rows('\\g<1>', tide) ~ ')',
        modules.re.sub('(?s)/[*] narrowed only: (.*?) [*]/ true', '(\\g<1>)', narrowed)
    )) -}}
{%- endmacro %}
