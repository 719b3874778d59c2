create or replace function api.health()
returns table (
    relation text,
    built_at timestamptz,
    age_seconds numeric,
    rows_written bigint,
    rows_deleted bigint,
    is_behind boolean,
    oldest_data_at timestamptz,
    newest_data_at timestamptz,
    next_command text,
    failed_at timestamptz,
    failure text
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
#variable_conflict use_column
declare
    behind constant text[] := ops.models_behind();
    sees_people constant boolean := has_schema_privilege(session_user, 'marts_people', 'usage');
begin
    return query
    with failing as materialized (select * from ops.failing())

    select
        m.name,
        b.built_at,
        extract(epoch from clock_timestamp() - b.built_at),
        case when v.is_shown then w.rows_written end,
        case when v.is_shown then w.rows_deleted end,
        s.is_behind,
        d.oldest_at,
        d.newest_at,
        case
            when s.is_behind or f.message is not null
                then 'tidemark build --select +' || coalesce(split_part(w.model, '.', 3), c.relname)
        end,
        f.failed_at,
        case
            when f.message is not null
                then case when v.is_shown then format('%s %s: %s', f.kind, f.relation, f.message) else f.kind || ' failed' end
        end
    from pg_class as c
    cross join lateral (select c.relnamespace::regnamespace::text || '.' || c.relname) as m (name)
    -- How many alerts there were of whom is nobody else's business.
    cross join lateral (select m.name like 'marts.%' or sees_people) as v (is_shown)
    left join ops.watermarks as w on m.name = w.relation
    cross join lateral (select w.relation is null or m.name = any(behind) as is_behind) as s
    -- A build that found nothing to do in it has looked at it all the same.
    cross join lateral (
        select case when s.is_behind then w.built_at else greatest(w.built_at, (select l.looked_at from ops.looks as l)) end
        as built_at
    ) as b
    left join ops.programs as p on m.name = p.relation
    left join lateral (
        select f.*
        from failing as f
        where
            f.kind = 'model' and f.relation = m.name
            or f.kind = 'seed' and f.relation = any(p.seeds)
            or f.kind = 'test' and exists (
                select 1 from ops.tests as t where t.name = f.relation and m.name = any(t.nodes)
            )
        order by f.kind, f.failed_at desc
        limit 1
    ) as f on true
    left join lateral ops.data_span(case when v.is_shown then c.oid::regclass end) as d on true
    where
        c.relnamespace in ('marts'::regnamespace, 'marts_people'::regnamespace)
        and c.relkind in ('r', 'p')
        and not c.relispartition
    order by m.name;
end
$$;

comment on function api.health() is
'How the marts are: one row a mart. built_at and age_seconds: when its last build ended, and how long ago; '
'rows_written, rows_deleted: what that build changed; is_behind: what it reads has rows that it has not seen; '
'oldest_data_at, newest_data_at: the times it holds, where an index knows; next_command: what to run, null if '
'nothing; failed_at, failure: that it, a seed that it reads or a test of it failed the last time, and why. Counts, times '
'and reasons of marts about people are shown to tidemark_people_reader only.';

grant execute on function api.health() to tidemark_reader;
