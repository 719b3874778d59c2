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
    next_command text
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
#variable_conflict use_column
declare
    behind constant text[] := ops.models_behind();
    sees_people constant boolean := has_schema_privilege(session_user, 'marts_people', 'usage');
begin
    return query
    select
        m.name,
        w.built_at,
        extract(epoch from clock_timestamp() - w.built_at),
        case when v.is_shown then w.rows_written end,
        case when v.is_shown then w.rows_deleted end,
        w.relation is null or m.name = any(behind),
        d.oldest_at,
        d.newest_at,
        case
            when w.relation is null or m.name = any(behind)
                then 'tidemark build --select +' || coalesce(split_part(w.model, '.', 3), c.relname)
        end
    from pg_class as c
    cross join lateral (select c.relnamespace::regnamespace::text || '.' || c.relname) as m (name)
    -- How many alerts there were of whom is nobody else's business.
    cross join lateral (select m.name like 'marts.%' or sees_people) as v (is_shown)
    left join ops.watermarks as w on m.name = w.relation
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
'nothing. Counts and times of marts about people are shown to tidemark_people_reader only. Tests that failed are '
'told by tidemark status.';

grant execute on function api.health() to tidemark_reader;
