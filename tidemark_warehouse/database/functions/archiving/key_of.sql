create or replace function ops.key_of(relation regclass) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select string_agg('r.' || quote_ident(a.attname) || '::text', ' || '' '' || ' order by k.place)
    from pg_index as i
    cross join unnest(i.indkey) with ordinality as k (attnum, place)
    inner join pg_attribute as a on i.indrelid = a.attrelid and k.attnum = a.attnum
    where
        i.indrelid = relation
        and i.indisprimary
        and a.attname is distinct from ops.partition_column(relation)
$$;

comment on function ops.key_of(regclass) is
'An expression for the key of a raw table''s row r as text, without the time that it is partitioned by.';
