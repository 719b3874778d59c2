-- What retention has removed from raw, and what the marts keep of it.

create table ops.sealed_periods (
    period_id bigint generated always as identity primary key,
    relation text not null,
    from_at timestamptz not null,
    to_at timestamptz not null,
    row_count bigint not null,
    archive_file text,
    manifest_digest text,
    sealed_at timestamptz not null default clock_timestamp(),
    reopened_at timestamptz,
    reopened_xid bigint,
    check (from_at < to_at)
);
create index sealed_periods_relation on ops.sealed_periods (relation, from_at);

comment on table ops.sealed_periods is
'One row a period whose raw rows were removed: half-open, with the file that they lie in (null: the policy '
'archives none). Restored periods have the transaction that brought them back, until they are sealed again.';

create table ops.sealed_workflows (
    instance_id text not null,
    period_id bigint not null references ops.sealed_periods on delete cascade,
    primary key (instance_id, period_id)
);
create index sealed_workflows_period on ops.sealed_workflows (period_id);

comment on table ops.sealed_workflows is
'One row a workflow and period in which sessions of it were removed: its step totals are sealed.';

create table ops.stale_archives (
    archive_file text primary key
);

comment on table ops.stale_archives is
'Files of the archive that are to be deleted: a newer one replaces them, or the transaction that was to '
'need them has not committed.';

create table ops.purged_marts (
    relation text primary key,
    before_at timestamptz not null,
    purged_at timestamptz not null default clock_timestamp()
);

comment on table ops.purged_marts is
'One row a mart from which old rows were removed, and the time before which it has none: a build from '
'nothing does not make them again.';

create table ops.late_rows (
    table_name text not null,
    row_time timestamptz not null,
    key text not null,
    mart text not null,
    model text not null,
    seen_at timestamptz not null default clock_timestamp(),
    primary key (mart, table_name, key, row_time)
);
create index late_rows_model on ops.late_rows (model);
create index late_rows_table on ops.late_rows (table_name, row_time);

comment on table ops.late_rows is
'One row a raw row and mart in which it cannot count: its bucket is sealed, because other rows of it were '
'archived. The model that seals it listed it. It counts once the period is restored and built.';

create table ops.kept_funnel_attempts (
    funnel_name text not null,
    user_id text not null,
    period_id bigint not null references ops.sealed_periods on delete cascade,
    definition text not null,
    breakdown_value text,
    session_id text,
    started_at timestamptz not null,
    completed_at timestamptz,
    current_step integer not null,
    completed boolean not null,
    step_timestamps jsonb not null,
    primary key (funnel_name, user_id, period_id)
);
create index kept_funnel_attempts_period on ops.kept_funnel_attempts (period_id);

comment on table ops.kept_funnel_attempts is
'One row a user''s result of a funnel whose entry event was archived, as it stood then; definition is that '
'of the funnel (int_funnels__defined).';

create table ops.retention_targets (
    relation text primary key,
    is_raw boolean not null,
    time_column text,
    only_where text,
    readers text[] not null,
    unfit_readers text[] not null,
    reads_back_days integer not null
);

comment on table ops.retention_targets is
'One row a table that a retention policy may name, as the last build of the project saw it: the models '
'that read it, those of them that cannot keep what it would lose (no sealed_by), and how many days back '
'they read at most. Of a mart also the column of time and the rows that expire.';

-- Which time is sealed -------------------------------------------------------------------------

create function ops.bucket_end(unit text, moment timestamptz, zone text) returns timestamptz
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select case
        when unit in ('minute', 'hour') then date_trunc(unit, moment, zone) + ('1 ' || unit)::interval
        else (
            date_trunc(unit, moment at time zone zone)
            + case unit when 'quarter' then '3 months' else '1 ' || unit end::interval
        ) at time zone zone
    end
$$;
comment on function ops.bucket_end(text, timestamptz, text) is
'When the minute, hour, day, week, month or quarter of a moment ends in a zone.';

create function ops.sealed_spans(relations text[], units text[], zone text, since pg_snapshot default null)
returns table (unit text, from_at timestamptz, to_at timestamptz, from_date date, to_date date)
language sql stable set search_path = pg_catalog, pg_temp
as $$
    with gone as (
        select
            p.from_at,
            p.to_at
        from ops.sealed_periods as p
        where
            p.relation = any(relations)
            and case
                when since is null then p.reopened_xid is null
                else
                    p.reopened_xid is not null
                    and not pg_visible_in_snapshot(p.reopened_xid::text::xid8, since)
            end
        union all
        select
            '-infinity',
            m.before_at
        from ops.purged_marts as m
        where m.relation = any(relations) and since is null
    ),

    widened as (
        select
            u.unit,
            range_agg(
                case u.unit
                    when 'instant' then tstzrange(g.from_at, g.to_at)
                    else tstzrange(
                        date_trunc(u.unit, g.from_at, zone),
                        ops.bucket_end(u.unit, g.to_at - interval '1 microsecond', zone)
                    )
                end
            ) as spans
        from gone as g
        cross join unnest(units) as u (unit)
        group by u.unit
    )

    select
        w.unit,
        lower(span),
        upper(span),
        (lower(span) at time zone zone)::date,
        (upper(span) at time zone zone)::date
    from widened as w
    cross join unnest(w.spans) as span
    order by w.unit, lower(span)
$$;
comment on function ops.sealed_spans(text[], text[], text, pg_snapshot) is
'Half-open times in which buckets of these units are sealed, because raw rows of the relations (or rows of '
'purged marts) are gone from some part of them. Unit instant: the periods as they are. With a snapshot: '
'the times that were restored since.';

-- Rows that come too late ----------------------------------------------------------------------

create function ops.key_of(relation regclass) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select string_agg('r.' || quote_ident(a.attname) || '::text', ' || '' '' || ' order by k.place)
    from pg_index as i
    cross join unnest(i.indkey) with ordinality as k (attnum, place)
    inner join pg_attribute as a on i.indrelid = a.attrelid and k.attnum = a.attnum
    where
        i.indrelid = relation
        and i.indisprimary
        and a.attname is distinct from ops.partition_column(relation)
$$;
comment on function ops.key_of(regclass) is
'An expression for the key of a raw table''s row r as text, without the time that it is partitioned by.';

create function ops.time_of(relation regclass) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select coalesce('r.' || quote_ident(ops.partition_column(relation)), 'coalesce(r.ended_at, r.started_at)')
$$;
comment on function ops.time_of(regclass) is
'An expression for the time of a raw table''s row r; of a session, when it ended.';

create function ops.note_late_rows(
    sealing_model text, marts text[], relation text, seen pg_snapshot, spans tstzmultirange
) returns bigint
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    noted bigint;
begin
    execute format(
        'insert into ops.late_rows (table_name, row_time, key, mart, model) '
        'select %L, %s, %s, m.mart, $1 from %s as r cross join unnest($2) as m (mart) '
        'where r._xid >= $3 and not pg_visible_in_snapshot(r._xid::text::xid8, $4) and %s '
        'on conflict do nothing',
        split_part(relation, '.', 2), ops.time_of(relation::regclass), ops.key_of(relation::regclass), relation,
        case
            when spans is null
                then 'exists (select from ops.sealed_workflows as k where k.instance_id = r.instance_id)'
            -- The bounds on their own, for the planner to leave out partitions.
            else format(
                '%1$s >= %2$L and %1$s < %3$L and %1$s <@ %4$L::tstzmultirange',
                ops.time_of(relation::regclass), lower(spans), upper(spans), spans
            )
        end
    ) using sealing_model, marts, pg_snapshot_xmin(seen)::text::bigint, seen;
    get diagnostics noted = row_count;
    return noted;
end
$$;
comment on function ops.note_late_rows(text, text[], text, pg_snapshot, tstzmultirange) is
'Lists the rows of a raw table that a snapshot had not seen and that belong to sealed buckets of a model: '
'those in the spans of time, or, without spans, those of sealed workflows.';

create function ops.forget_vanished_late_rows() returns bigint
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    late record;
    gone bigint := 0;
    vanished bigint;
begin
    for late in select distinct table_name from ops.late_rows loop
        execute format(
            'delete from ops.late_rows as l where l.table_name = %L and not exists '
            '(select from raw.%I as r where %s = l.key and %s = l.row_time)',
            late.table_name, late.table_name,
            ops.key_of(('raw.' || quote_ident(late.table_name))::regclass),
            ops.time_of(('raw.' || quote_ident(late.table_name))::regclass)
        );
        get diagnostics vanished = row_count;
        gone := gone + vanished;
    end loop;
    return gone;
end
$$;
comment on function ops.forget_vanished_late_rows() is
'Removes from ops.late_rows what has been deleted from raw; returns how many.';
