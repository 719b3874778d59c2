create or replace function ops.versions_of(target regclass) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
    with family as materialized (
        select f.member from ops.family_of(target) as f (member)
    ),

    versions as (
        select t.oid::text || ':' || t.xmin::text as version
        from family as f
        inner join pg_trigger as t on f.member = t.tgrelid
        union all
        select i.inhrelid::text || ':' || i.xmin::text
        from family as f
        inner join pg_inherits as i on f.member = i.inhrelid
    )

    select md5(coalesce(string_agg(v.version, ',' order by v.version collate "C"), '')) from versions as v
$$;

comment on function ops.versions_of(regclass) is
'Changes whenever a trigger of a raw table or of one of its partitions is made, switched or dropped, and whenever a '
'partition comes or goes.';
