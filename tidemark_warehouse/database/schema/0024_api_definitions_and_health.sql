-- What analysts have defined, by name; and how the marts are.

create function api.funnel(funnel_name text)
returns table (
    is_total boolean,
    breakdown_value text,
    step_index integer,
    step_name text,
    users bigint,
    conversion_rate numeric,
    drop_off_rate numeric,
    overall_conversion_rate numeric,
    avg_seconds_from_previous numeric,
    median_seconds_from_previous numeric
)
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform ops.check_built('marts.funnel_steps');
    -- Every funnel that is defined has a row for each of its steps.
    perform ops.check_one_of(
        'funnel_name', funnel_name, array(select distinct s.funnel_name from marts.funnel_steps as s order by 1)
    );
    return query
    select
        s.is_total,
        s.breakdown_value,
        s.step_index,
        s.step_name,
        s.users,
        s.conversion_rate,
        s.drop_off_rate,
        s.overall_conversion_rate,
        s.avg_seconds_from_previous,
        s.median_seconds_from_previous
    from marts.funnel_steps as s
    where s.funnel_name = funnel.funnel_name
    order by s.is_total desc, s.breakdown_value, s.step_index;
end
$$;
comment on function api.funnel(text) is
'At which step people drop out: one row a step of a funnel that seeds/funnels.csv defines, all users first '
'(is_total), then by value of its breakdown. funnel_name: the funnel. Rates are fractions: conversion_rate and '
'drop_off_rate from the step before, overall_conversion_rate from the first. Times in seconds.';

create function api.retention(retention_name text)
returns table (
    is_total boolean,
    breakdown_value text,
    cohort_start timestamptz,
    period_index integer,
    cohort_size bigint,
    returned_users bigint,
    retention_rate numeric
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform ops.check_built('marts.retention_cohorts', 'intermediate.int_retentions__defined');
    -- Definitions are asked, for one without a start event yet has no cohort.
    perform ops.check_one_of(
        'retention_name',
        retention_name,
        array(select r.retention_name from intermediate.int_retentions__defined as r order by 1)
    );
    return query
    select
        c.is_total,
        c.breakdown_value,
        c.cohort_start,
        c.period_index,
        c.cohort_size,
        c.returned_users,
        c.retention_rate
    from marts.retention_cohorts as c
    where c.retention_name = retention.retention_name
    order by c.is_total desc, c.breakdown_value, c.cohort_start, c.period_index;
end
$$;
comment on function api.retention(text) is
'Who comes back, of those who started together: one row a cohort and period of a retention that '
'seeds/retentions.csv defines, all users first (is_total), then by value of its breakdown. retention_name: the '
'retention. cohort_size and returned_users are users, retention_rate is a fraction; period_index 0 is the cohort.';

-- Health ------------------------------------------------------------------------------------------

create function ops.models_behind() returns text[]
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
            where
                c.relation = any(w.reads)
                and c.xid >= pg_snapshot_xmin(w.seen)::text::bigint
                and not pg_visible_in_snapshot(c.xid::text::xid8, w.seen)
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
                'select exists (select from %s as r where r._xid >= $2 '
                'and not pg_visible_in_snapshot(r._xid::text::xid8, $1))', source.name
            ) into found using reader.seen, pg_snapshot_xmin(reader.seen)::text::bigint;
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

create function ops.data_span(mart regclass, out oldest_at timestamptz, out newest_at timestamptz)
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    column_name name;
begin
    -- A time that leads an index: its ends are found without reading the mart.
    select a.attname into column_name
    from pg_index as i
    inner join pg_attribute as a on i.indrelid = a.attrelid and i.indkey[0] = a.attnum
    where i.indrelid = mart and i.indpred is null and a.atttypid in ('date'::regtype, 'timestamptz'::regtype)
    order by a.attnum
    limit 1;
    if column_name is not null then
        execute format(
            'select min(%1$I), max(%1$I) from %2$s', column_name, mart
        ) into oldest_at, newest_at;
    end if;
end
$$;
comment on function ops.data_span(regclass) is
'The oldest and newest time of a mart, null where no index answers it.';

create function api.health()
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

revoke execute on all functions in schema ops, api from public;
grant execute on function api.funnel(text), api.retention(text), api.health() to tidemark_reader;
