create or replace function ops.partition_column(parent regclass) returns name
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select a.attname
    from pg_partitioned_table as p
    inner join pg_attribute as a on p.partrelid = a.attrelid and a.attnum = p.partattrs[0]
    where p.partrelid = parent
$$;

comment on function ops.partition_column(regclass) is
'The column of time that a table is partitioned by; null where it is not partitioned.';
