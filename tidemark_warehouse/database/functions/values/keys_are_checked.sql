create or replace function ops.keys_are_checked(raw_table regclass) returns boolean
language sql stable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select coalesce(bool_and(c.convalidated), false)
    from pg_constraint as c
    where c.conrelid = raw_table and c.contype = 'c' and c.conname like '%\_512\_bytes'
$$;

comment on function ops.keys_are_checked(regclass) is
'Whether the database has checked that every row of a raw table keeps the rules for what may be part of a key. If not, '
'some rows may be older than the rules, and each has to be looked at.';

revoke execute on function ops.keys_are_checked(regclass) from public;
