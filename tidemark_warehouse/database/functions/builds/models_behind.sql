create or replace function ops.models_behind() returns text[]
language sql stable set search_path = pg_catalog, pg_temp
as $$
    with recursive waiting as (
        select b.name as relation
        from ops.readers_behind(array(select row(w.relation, w.reads, w.seen)::ops.reader from ops.watermarks as w)) as b
        union
        select w.relation
        from waiting
        inner join ops.watermarks as w on waiting.relation = any(w.reads)
    )

    select coalesce(array_agg(waiting.relation), '{}') from waiting
$$;

comment on function ops.models_behind() is
'The models that a build would compute something in: what they read, or what that reads, has rows that they have '
'not seen. Definitions that were edited since are known to dbt alone.';
