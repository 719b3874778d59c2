-- The schemas, and what the incremental engine remembers about every relation.

create schema raw;
create schema staging;
create schema intermediate;
create schema marts;
create schema marts_people;
create schema seeds;
create schema api;

comment on schema raw is 'What applications, EL tools and tidemark load write';
comment on schema ops is 'What the engine remembers: changes, watermarks, migrations';
comment on schema staging is 'Views, one to one with the raw tables';
comment on schema intermediate is 'Private state between staging and the marts';
comment on schema marts is 'What people and BI tools read';
comment on schema marts_people is 'Marts about persons and teams; restricted';
comment on schema seeds is 'Definitions that analysts edit as CSV files';
comment on schema api is 'Query functions for dashboards and the HTTP endpoints';

grant usage on schema raw to tidemark_loader;
grant usage on schema marts, api to tidemark_reader;
grant usage on schema marts_people to tidemark_people_reader;

create table ops.changes (
    change_id bigint generated always as identity,
    relation text not null,
    xid bigint not null default (pg_current_xact_id()::text::bigint),
    kind text not null check (kind in ('old', 'new', 'reset')),
    row_image jsonb,
    written_at timestamptz not null default clock_timestamp()
);
create index changes_relation_xid on ops.changes (relation, xid);

comment on table ops.changes is
'One row for each version of a row that was replaced (old) or written (new). Raw tables log only old '
'versions: their new ones carry their transaction id. Models log both, and one reset when they are '
'filled from empty. Removed once every reader has consumed it and it is older than a week.';

create table ops.watermarks (
    relation text primary key,
    model text not null,
    seen pg_snapshot not null,
    fingerprint text not null,
    shape text not null,
    settings text not null,
    reads text[] not null,
    as_of timestamptz not null,
    cluster_id bigint not null,
    rows_scoped bigint not null default 0,
    rows_written bigint not null default 0,
    rows_deleted bigint not null default 0,
    built_at timestamptz not null default clock_timestamp()
);

comment on table ops.watermarks is
'One row a model: the snapshot of transactions it has consumed, the definition it was built with, '
'the relations it reads, and what its last build wrote. Stored in the transaction of the rows.';

create table ops.views (
    relation text primary key,
    fingerprint text not null,
    created_at timestamptz not null default clock_timestamp()
);

comment on table ops.views is
'One row a staging view: the definition that the database has, so that an unchanged view is left alone.';

-- Change capture ------------------------------------------------------------------------------

create function ops.log_old_rows() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    insert into ops.changes (relation, kind, row_image)
    select tg_argv[0], 'old', to_jsonb(old_rows)
    from old_rows;
    return null;
end
$$;
comment on function ops.log_old_rows() is
'Statement trigger: the versions that an UPDATE or DELETE replaced go to ops.changes.';

create function ops.renew_xid() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if new is distinct from old then
        new._xid := pg_current_xact_id()::text::bigint;
    end if;
    return new;
end
$$;
comment on function ops.renew_xid() is
'Row trigger before UPDATE: a row that really changes carries the transaction that changed it.';

create function ops.refuse_truncate() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception 'TRUNCATE of % is refused: the marts could not tell which rows went', tg_argv[0]
        using hint = 'DELETE the rows instead (a delete is a correction that the next build follows); '
            || '"tidemark retention" removes expired rows, "tidemark reset" empties a database.';
end
$$;

create function ops.refuse_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception '% of % is refused: an audit log is only ever added to', tg_op, tg_argv[0]
        using hint = 'Insert a further entry that corrects the earlier one.';
end
$$;

create function ops.watch(logical_name text, target regclass) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    execute format(
        'create trigger log_updated after update on %s referencing old table as old_rows '
        'for each statement execute function ops.log_old_rows(%L)', target, logical_name
    );
    execute format(
        'create trigger log_deleted after delete on %s referencing old table as old_rows '
        'for each statement execute function ops.log_old_rows(%L)', target, logical_name
    );
    execute format(
        'create trigger refuse_truncate before truncate on %s '
        'for each statement execute function ops.refuse_truncate(%L)', target, logical_name
    );
end
$$;
comment on function ops.watch(text, regclass) is
'Statement triggers of a raw table or of one of its partitions (they are not inherited).';

create function ops.adopt_raw_table(target regclass) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    logical_name text := target::text;
    partitioned boolean := (select relkind = 'p' from pg_class where oid = target);
    listed text;
    keys text;
begin
    select string_agg(quote_ident(attname), ', ' order by attnum) into listed
    from pg_attribute where attrelid = target and attnum > 0 and not attisdropped;

    select string_agg(quote_ident(a.attname), ', ' order by a.attnum) into keys
    from pg_attribute as a
    where
        a.attrelid = target
        and a.attnum = any(
            select unnest(i.indkey) from pg_index as i where i.indrelid = target and i.indisprimary
        );

    execute format(
        'alter table %s add column _xid bigint not null default (pg_current_xact_id()::text::bigint)',
        target
    );
    execute format(
        'create trigger renew_xid before update on %s for each row execute function ops.renew_xid()',
        target
    );
    perform ops.watch(logical_name, target);

    if partitioned then
        execute format(
            'create index on %s using brin (_xid) with (pages_per_range = 32, autosummarize = on)', target
        );
        execute format(
            'create index on %s using brin (%I) with (pages_per_range = 32, autosummarize = on)',
            target, ops.partition_column(target)
        );
        execute format('create table %s partition of %s default', logical_name || '_default', target);
        perform ops.watch(logical_name, (logical_name || '_default')::regclass);
        execute format('grant insert (%s), select (%s) on %s to tidemark_loader', listed, keys, target);
    else
        execute format('create index on %s (_xid)', target);
        -- ON CONFLICT DO UPDATE SET x = excluded.x asks for SELECT on x, so an upsert needs all of them.
        execute format(
            'grant insert (%1$s), update (%1$s), select (%1$s) on %2$s to tidemark_loader', listed, target
        );
    end if;
end
$$;
comment on function ops.adopt_raw_table(regclass) is
'Gives a new raw table what all of them have: transaction ids, triggers, a default partition, grants. '
'To be called as soon as the table, its key and nothing else exist.';

-- Partitions ----------------------------------------------------------------------------------

create function ops.partition_column(parent regclass) returns name
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select a.attname
    from pg_partitioned_table as p
    inner join pg_attribute as a on p.partrelid = a.attrelid and a.attnum = p.partattrs[0]
    where p.partrelid = parent
$$;

create function ops.add_partition(parent regclass, month_start timestamptz) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' set lock_timeout = '3s'
as $$
declare
    logical_name text := parent::text;
    column_name name := ops.partition_column(parent);
    child text := logical_name || to_char(month_start, '"_"YYYY"_"MM');
    default_child text := logical_name || '_default';
    month_end timestamptz := month_start + interval '1 month';
    crowded boolean;
begin
    if to_regclass(child) is not null then
        return false;
    end if;
    perform pg_advisory_xact_lock(hashtextextended('tidemark partitions of ' || logical_name, 0));
    if to_regclass(child) is not null then
        return false;
    end if;

    execute format('create table %s (like %s including all)', child, parent);
    execute format('lock table %s in access exclusive mode', default_child);
    execute format(
        'select exists (select from %s where %I >= %L and %I < %L)',
        default_child, column_name, month_start, column_name, month_end
    ) into crowded;
    if crowded then
        -- A move is no change: no old versions, and the rows keep their transaction ids.
        execute format('alter table %s disable trigger user', default_child);
        execute format(
            'with moved as (delete from %s where %I >= %L and %I < %L returning *) '
            'insert into %s select * from moved',
            default_child, column_name, month_start, column_name, month_end, child
        );
        execute format('alter table %s enable trigger user', default_child);
    end if;
    execute format(
        'alter table %s attach partition %s for values from (%L) to (%L)',
        parent, child, month_start, month_end
    );
    perform ops.watch(logical_name, child::regclass);
    if crowded then
        execute format('analyze %s', child);
    end if;
    return true;
exception
    when lock_not_available then
        raise warning 'partition % waits: % is held by another transaction', child, default_child
            using hint = 'Rows stay in the default partition until a later build or load moves them.';
        return false;
end
$$;
comment on function ops.add_partition(regclass, timestamptz) is
'Adds the month''s partition, with the rows that the default partition holds for it. False where it '
'exists, or where a lock could not be had within 3 seconds: the default partition goes on taking them.';

create function ops.ensure_partitions_for(
    parent regclass, first_at timestamptz, last_at timestamptz
) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
declare
    added integer := 0;
    month_start timestamptz;
begin
    if ops.partition_column(parent) is null then
        return 0;
    end if;
    for month_start in
        select generate_series(
            date_trunc('month', greatest(first_at, '0001-01-01 00:00:00+00')),
            date_trunc('month', last_at),
            interval '1 month'
        )
        where isfinite(first_at) and isfinite(last_at)
    loop
        added := added + ops.add_partition(parent, month_start)::integer;
    end loop;
    return added;
end
$$;
comment on function ops.ensure_partitions_for(regclass, timestamptz, timestamptz) is
'Makes every month''s partition from first_at to last_at; returns how many were added. Call it in a '
'transaction of its own, so that its locks end before rows are loaded.';

create function ops.ensure_partitions() returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
declare
    added integer := 0;
    parent regclass;
    crowded_months timestamptz[];
    month_start timestamptz;
begin
    for parent in
        select p.partrelid::regclass
        from pg_partitioned_table as p
        inner join pg_class as c on p.partrelid = c.oid
        where c.relnamespace = 'raw'::regnamespace
        order by c.relname
    loop
        added := added + ops.ensure_partitions_for(parent, now(), now() + interval '2 months');
        execute format(
            'select array_agg(distinct date_trunc(''month'', %1$I)) from %2$s '
            'where isfinite(%1$I) and %1$I >= ''0001-01-01 00:00:00+00''',
            ops.partition_column(parent), parent::text || '_default'
        ) into crowded_months;
        foreach month_start in array coalesce(crowded_months, '{}') loop
            added := added + ops.add_partition(parent, month_start)::integer;
        end loop;
    end loop;
    return added;
end
$$;
comment on function ops.ensure_partitions() is
'Partitions for this month and the next two, and for every month that the default partitions hold.';

revoke execute on all functions in schema ops from public;
grant usage on schema ops to tidemark_loader;
grant execute on function ops.ensure_partitions_for(regclass, timestamptz, timestamptz) to tidemark_loader;
