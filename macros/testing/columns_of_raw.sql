{% macro columns_of_raw(model) -%}
    {#- A query: the columns of a raw table, which of them are its key or the time it is partitioned
        by, and what a constraint that has not been validated says of them. -#}
    select
        a.attname as name,
        format_type(a.atttypid, null) as type,
        coalesce(a.attnum = any(i.indkey), false) as is_key,
        coalesce(a.attnum = any(p.partattrs), false) as is_time,
        (
            select string_agg('coalesce(' || pg_get_expr(c.conbin, c.conrelid) || ', true)', ' and ')
            from pg_constraint as c
            where
                c.conrelid = a.attrelid and c.contype = 'c' and not c.convalidated
                and c.conkey[1] = a.attnum and c.conname like '%512_bytes'
        ) as length_rule
    from pg_attribute as a
    left join pg_index as i on a.attrelid = i.indrelid and i.indisprimary
    left join pg_partitioned_table as p on a.attrelid = p.partrelid
    where
        a.attrelid = '{{ model }}'::regclass and a.attnum > 0 and not a.attisdropped
        and a.attname not like '\_%'
    order by a.attnum
{%- endmacro %}
