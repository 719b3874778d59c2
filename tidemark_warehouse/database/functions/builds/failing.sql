create or replace function ops.failing()
returns table (relation text, kind text, failed_at timestamptz, message text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select distinct on (r.kind, r.relation)
        r.relation,
        r.kind,
        r.started_at + r.seconds * interval '1 second',
        r.message
    from ops.refreshes as r
    where
        r.message is not null
        and case r.kind
            when 'model' then not exists (
                select 1 from ops.watermarks as w where w.relation = r.relation and w.built_at > r.started_at
            )
            when 'seed' then not exists (
                select 1 from ops.seeds as s where s.relation = r.relation and s.loaded_at > r.started_at
            )
            else not exists (
                select 1
                from ops.tests as t
                where t.name = r.relation and t.status in ('pass', 'warn') and t.ran_at > r.started_at
            )
        end
    order by r.kind asc, r.relation asc, r.started_at desc
$$;

comment on function ops.failing() is
'The models, seeds and tests that failed the last time, whatever had started them: each with its latest failure.';
