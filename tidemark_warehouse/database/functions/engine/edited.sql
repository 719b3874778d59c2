create or replace function ops.edited() returns setof text
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select p.relation
    from ops.programs as p
    inner join ops.watermarks as w on p.relation = w.relation
    where w.fingerprint <> ops.fingerprint(p) or w.shape <> p.shape
    order by p.relation
$$;

comment on function ops.edited() is
'The relations that were last refreshed by another definition than the stored one: a function, a view or a row of a seed '
'has changed since. The next refresh computes them whole.';
