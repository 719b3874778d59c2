{#-
    A model over much raw time may say chunks='day' (or week, month): a build of all keys then computes a day
    after the other, so that hash tables stay small. Counting ten million events by hour took 9.2 s day by
    day, 14.6 s month by month. Days with few rows are taken together, up to `build_chunk_megabytes` of raw: each
    statement has to be planned. Only right where no row of the result needs two chunks, and where reached()
    gives the raw rows.
-#}
{% macro chunked_parts(whole, tide) -%}
    {#- The SQL of a build of all keys in parts, chunk by chunk of the time that reached() reads by; in one part if no
        row has a time. -#}
    {%- set reads = text_array(tide.reads) -%}
    {%- set chunks = run_query(
        "select from_at::text, to_at::text, (select sum(pg_relation_size(p.relid)) from unnest(" ~ reads ~ ") as r (name)"
        ~ " cross join lateral pg_partition_tree(r.name::regclass) as p where p.level > 0)::bigint as bytes"
        ~ " from ops.time_chunks(" ~ reads ~ ", '" ~ config.get('chunks') ~ "', '" ~ var('reporting_timezone') ~ "')"
    ).rows -%}
    {%- set parts = [] -%}
    {%- if chunks -%}
        {%- set bytes_of_chunk = [1, (chunks[0]['bytes'] or 0) / chunks | length] | max -%}
        {%- set together = [1, (var('build_chunk_megabytes') * 1048576 / bytes_of_chunk) | int] | max -%}
        {%- for some in chunks | batch(together) -%}
            {%- do parts.append(modules.re.sub(
                '/[*] reached \\w+ by \\w+, (\\w+) in \\w+ [*]/ (\\S+)',
                "(select c.* from \\g<2> as c where c.\\g<1> >= '" ~ some[0]['from_at'] ~ "' and c.\\g<1> < '"
                ~ some[-1]['to_at'] ~ "') as reached",
                whole
            )) -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return(parts or [whole]) -}}
{%- endmacro %}
