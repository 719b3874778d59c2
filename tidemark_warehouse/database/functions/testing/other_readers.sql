create or replace function ops.other_readers() returns ops.reader[]
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select array(
        select row(s.relation, s.reads, s.seen)::ops.reader
        from ops.snapshots as s
        union all
        select row(t.unique_id, t.reads, t.seen)::ops.reader
        from ops.tests as t
        where t.seen is not null
    )
$$;

comment on function ops.other_readers() is
'What a build looks after besides the models: the dbt snapshots, by relation, and the data tests, by unique_id.';
