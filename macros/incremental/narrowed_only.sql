{% macro narrowed_only(condition) -%}
    {#- A condition that is true in a build from nothing, and so in the compiled SQL; a narrowed build asks
        for it if it adds to counts. It may hold no comment. `tide_consumed(x._xid, x.time, y.bucket)` in it says that
        an earlier build has consumed the row x, and that x lies in a bucket that may have counted it. Literal bounds
        leave out partitions before a look-up begins, and are the bucket's own where only one is added to: a bucket's
        ends take as long as a quarter of its look-up. -#}
    /* narrowed only: {{ condition }} */ true
{%- endmacro %}


{% macro narrowing_sql(narrowed, tide) -%}
    {%- if not tide.added -%}
        {{- return(narrowed) -}}
    {%- endif -%}
    {%- set unit = config.get('sealed_by').unit -%}
    {%- set edges = bucket_edges(unit, '\\g<3>') -%}
    {%- set parts = [
        'not (' ~ unseen_rows('\\g<1>', tide) ~ ')',
        "\\g<2> >= '" ~ tide.counted_from ~ "'",
        "\\g<2> < '" ~ tide.counted_to ~ "'",
    ] -%}
    {%- if tide.counted_buckets > 1 -%}
        {%- do parts.extend(['\\g<2> >= ' ~ edges[0], '\\g<2> < ' ~ edges[1]]) -%}
    {%- endif -%}
    {%- if var('reporting_timezone') != 'UTC' -%}
        {%- do parts.append(bucket_start(unit, '\\g<2>') ~ ' = \\g<3>') -%}
    {%- endif -%}
    {{- return(modules.re.sub(
        'tide_consumed[(]([^,)]+), ([^,)]+), ([^,)]+)[)]',
        parts | join(' and '),
        modules.re.sub('(?s)/[*] narrowed only: (.*?) [*]/ true', '(\\g<1>)', narrowed)
    )) -}}
{%- endmacro %}
