create or replace function ops.models_behind() returns text[]
language plpgsql stable set search_path = pg_catalog, pg_temp
-- The index on _xid is a BRIN, which costs little where nothing is new; reading all rows costs a lot.
set enable_seqscan = off
as $$
declare
    behind text[];
    source record;
    reader record;
    found boolean;
begin
    behind := array(
        select w.relation
        from ops.watermarks as w
        where exists (
            select
            from ops.changes as c
            where c.relation = any(w.reads) and ops.is_unseen(c.xid, w.seen)
        )
    );
    for source in
        select r.name, min(pg_snapshot_xmin(w.seen)::text::bigint) as oldest
        from ops.watermarks as w
        cross join lateral unnest(w.reads) as r (name)
        where r.name like 'raw.%' and to_regclass(r.name) is not null
        group by r.name
    loop
        execute format('select exists (select from %s as r where r._xid >= $1)', source.name)
        into found using source.oldest;
        continue when not found;
        for reader in
            select w.relation, w.seen
            from ops.watermarks as w
            where source.name = any(w.reads) and w.relation <> all(behind)
        loop
            execute format(
                'select exists (select from %s as r where ops.is_unseen(r._xid, $1))', source.name
            ) into found using reader.seen;
            if found then
                behind := array_append(behind, reader.relation);
            end if;
        end loop;
    end loop;
    return (
        with recursive waiting as (
            select unnest(behind) as relation
            union
            select w.relation
            from waiting
            inner join ops.watermarks as w on waiting.relation = any(w.reads)
        )

        select coalesce(array_agg(waiting.relation), '{}') from waiting
    );
end
$$;

comment on function ops.models_behind() is
'The models that a build would compute something in: what they read, or what that reads, has rows that they have '
'not seen. Definitions that were edited since are known to dbt alone.';
