create or replace function ops.ids_before_the_clock() returns bigint
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select 1::bigint << 52
$$;

comment on function ops.ids_before_the_clock() is
'From here on lie the ids of rows that were written after a move and before ops.settle_clock noticed it.';
