create or replace function ops.family_of(relation regclass) returns setof regclass
language sql stable set search_path = pg_catalog, pg_temp
as $$
    with recursive family as (
        select relation as member
        union all
        select i.inhrelid::regclass
        from family
        inner join pg_inherits as i on family.member = i.inhparent
    )

    select member from family
$$;

comment on function ops.family_of(regclass) is 'A table, its partitions, and whatever else inherits from it.';
