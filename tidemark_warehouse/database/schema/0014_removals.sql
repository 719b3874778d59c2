-- What stands against a removal of raw rows, and the removal: each in one transaction.

create function ops.unseen_by(relation text, seen pg_snapshot, from_at timestamptz, to_at timestamptz)
returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    is_unseen boolean;
begin
    execute format(
        'select exists (select from %s as r where r._xid >= $1 '
        'and not pg_visible_in_snapshot(r._xid::text::xid8, $2) and %3$s >= $3 and %3$s < $4)',
        relation, relation, ops.time_of(relation::regclass)
    ) into is_unseen using pg_snapshot_xmin(seen)::text::bigint, seen, from_at, to_at;
    return is_unseen;
end
$$;
comment on function ops.unseen_by(text, pg_snapshot, timestamptz, timestamptz) is
'Whether a raw table has rows of a stretch of time that a snapshot had not seen.';

create function ops.retention_objections(
    relation text, from_at timestamptz, to_at timestamptz, still_days integer, hold_days integer
) returns text[]
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    target ops.retention_targets;
    reader record;
    found_objections text[] := '{}';
    waiting bigint;
    restored timestamptz;
begin
    select t.* into target from ops.retention_targets as t where t.relation = retention_objections.relation;
    if target.relation is null then
        return array['no build has told yet which models read it: run tidemark build'];
    end if;
    if target.unfit_readers <> '{}' then
        found_objections := found_objections || format(
            '%s cannot keep what it would lose (no sealed_by in its config)',
            array_to_string(target.unfit_readers, ', ')
        );
    end if;
    for reader in
        select
            r.name,
            w.relation is null as is_unbuilt,
            w.cluster_id <> (select system_identifier from pg_control_system()) as is_moved,
            w.built_at,
            w.seen
        from unnest(target.readers) as r (name)
        left join ops.watermarks as w on r.name = w.relation
        order by r.name
    loop
        if reader.is_unbuilt then
            found_objections := found_objections || format('%s has never been built', reader.name);
        elsif reader.is_moved then
            found_objections := found_objections
                || format('%s has not been built since the database moved to this server', reader.name);
        elsif reader.built_at < now() - still_days * interval '1 day' then
            found_objections := found_objections || format(
                '%s was last built on %s: the pipeline stands still',
                reader.name, to_char(reader.built_at at time zone 'UTC', 'YYYY-MM-DD')
            );
        elsif target.is_raw and ops.unseen_by(retention_objections.relation, reader.seen, from_at, to_at) then
            found_objections := found_objections || format('%s has not consumed all of its rows', reader.name);
        elsif exists (
            select
            from ops.changes as c
            where
                c.relation = retention_objections.relation
                and c.xid >= pg_snapshot_xmin(reader.seen)::text::bigint
                and not pg_visible_in_snapshot(c.xid::text::xid8, reader.seen)
        ) then
            found_objections := found_objections || format('%s has not consumed corrections of it', reader.name);
        end if;
    end loop;

    select count(distinct (l.key, l.row_time)) into waiting
    from ops.late_rows as l
    where
        target.is_raw
        -- Sessions that wait are left out one by one (ops.expired_sessions).
        and retention_objections.relation <> 'raw.time_sessions'
        and l.table_name = split_part(retention_objections.relation, '.', 2)
        and l.row_time >= from_at
        and l.row_time < to_at;
    if waiting > 0 then
        found_objections := found_objections || format(
            '%s late rows wait for sealed time: tidemark restore, build, and they count', waiting
        );
    end if;
    select max(p.reopened_at) into restored
    from ops.sealed_periods as p
    where
        p.relation = retention_objections.relation
        and p.reopened_at > now() - hold_days * interval '1 day'
        and p.from_at < retention_objections.to_at
        and p.to_at > retention_objections.from_at;
    if restored is not null then
        found_objections := found_objections || format(
            'it was restored on %s and stays for %s days',
            to_char(restored at time zone 'UTC', 'YYYY-MM-DD'), hold_days
        );
    end if;
    return found_objections;
end
$$;
comment on function ops.retention_objections(text, timestamptz, timestamptz, integer, integer) is
'Why rows of this time must stay in a raw table or a mart; empty = nothing stands against their removal. '
'still_days: after so many days without a build nothing is removed; hold_days: so long a restored period stays.';

-- Sealing --------------------------------------------------------------------------------------

create function ops.keep_funnel_attempts(kept_period_id bigint, period_from timestamptz, period_to timestamptz)
returns bigint
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    kept bigint;
begin
    if to_regclass('marts.funnel_conversions') is null then
        return 0;
    end if;
    insert into ops.kept_funnel_attempts (
        funnel_name, user_id, period_id, definition, breakdown_value, session_id, started_at,
        completed_at, current_step, completed, step_timestamps
    )
    select
        c.funnel_name, c.user_id, kept_period_id, f.definition, c.breakdown_value, c.session_id,
        c.started_at, c.completed_at, c.current_step, c.completed, c.step_timestamps
    from marts.funnel_conversions as c
    inner join intermediate.int_funnels__defined as f on c.funnel_name = f.funnel_name
    where c.started_at >= period_from and c.started_at < period_to;
    get diagnostics kept = row_count;
    return kept;
end
$$;
comment on function ops.keep_funnel_attempts(bigint, timestamptz, timestamptz) is
'Keeps the funnel results whose entry event is about to leave raw; returns how many.';

create function ops.seal_period(
    sealed_relation text, period_from timestamptz, period_to timestamptz, rows_gone bigint,
    file text, digest text
) returns bigint
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    new_period_id bigint;
begin
    -- What was restored and is sealed again has one record: the new one.
    with superseded as (
        delete from ops.sealed_periods as p
        where p.relation = sealed_relation and p.from_at = period_from and p.reopened_at is not null
        returning p.archive_file
    )

    insert into ops.stale_archives (archive_file)
    select s.archive_file from superseded as s where s.archive_file is not null;
    delete from ops.stale_archives as a where a.archive_file = file;
    insert into ops.sealed_periods (relation, from_at, to_at, row_count, archive_file, manifest_digest)
    values (sealed_relation, period_from, period_to, rows_gone, file, digest)
    returning period_id into new_period_id;
    return new_period_id;
end
$$;
comment on function ops.seal_period(text, timestamptz, timestamptz, bigint, text, text) is
'Records a sealed period and returns its id. To be called in the transaction that removes its rows.';

create function ops.remove_partition(
    parent regclass, partition regclass, period_from timestamptz, period_to timestamptz,
    archived_rows bigint, archived_in pg_snapshot, file text, digest text,
    still_days integer, hold_days integer
) returns text[]
language plpgsql set search_path = pg_catalog, pg_temp set lock_timeout = '10s'
as $$
declare
    relation text := parent::text;
    found_objections text[];
    is_changed boolean;
    period_id bigint;
begin
    -- Builds hold the parent while they read, so none is under way behind this line, and none will have
    -- read half of a removal.
    execute format('lock table %s in access exclusive mode', parent);
    found_objections := ops.retention_objections(relation, period_from, period_to, still_days, hold_days);
    if archived_in is not null then
        execute format(
            'select (select count(*) from %1$s) <> $1 or exists '
            '(select from %1$s where not pg_visible_in_snapshot(_xid::text::xid8, $2))', partition
        ) into is_changed using archived_rows, archived_in;
        if is_changed then
            found_objections := found_objections || 'its rows changed while they were archived: run it again'::text;
        end if;
    end if;
    if found_objections <> '{}' then
        return found_objections;
    end if;
    period_id := ops.seal_period(relation, period_from, period_to, archived_rows, file, digest);
    if relation = 'raw.events' then
        perform ops.keep_funnel_attempts(period_id, period_from, period_to);
    end if;
    execute format('alter table %s detach partition %s', parent, partition);
    execute format('drop table %s', partition);
    return '{}';
end
$$;
comment on function ops.remove_partition(
    regclass, regclass, timestamptz, timestamptz, bigint, pg_snapshot, text, text, integer, integer
) is
'Detaches and drops a partition and records its time as sealed, in one transaction, if nothing stands '
'against it and it holds just the rows that were archived; else returns why not and changes nothing.';

create function ops.expired_sessions(ended_before timestamptz, month_start timestamptz)
returns table (session_id text, instance_id text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select
        s.session_id,
        s.instance_id
    from raw.time_sessions as s
    inner join raw.workflow_instances as i on s.instance_id = i.instance_id
    where
        s.is_active is not true
        and s.ended_at < ended_before
        and i.completed_at < ended_before
        and s.ended_at >= month_start
        and s.ended_at < month_start + interval '1 month'
        -- What waits for a restored workflow waits in raw.
        and not exists (
            select
            from ops.late_rows as l
            where l.table_name = 'time_sessions' and l.key = s.session_id
        )
$$;
comment on function ops.expired_sessions(timestamptz, timestamptz) is
'Sessions that ended in a month and before a time, inactive, of workflows that completed before it too.';

create function ops.staying_sessions(ended_before timestamptz)
returns table (row_count bigint, bytes bigint, first_ended_at timestamptz, last_ended_at timestamptz)
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select
        count(*),
        coalesce(sum(pg_column_size(s.*)), 0),
        min(s.ended_at),
        max(s.ended_at)
    from raw.time_sessions as s
    left join raw.workflow_instances as i on s.instance_id = i.instance_id
    where
        s.ended_at < ended_before
        and isfinite(s.ended_at)
        and (s.is_active or i.completed_at is null or i.completed_at >= ended_before)
$$;
comment on function ops.staying_sessions(timestamptz) is
'Sessions that ended before a time and stay, because they or their workflows are not over so long.';

create function ops.remove_sessions(
    ended_before timestamptz, month_start timestamptz, archived_rows bigint, archived_in pg_snapshot,
    file text, digest text, still_days integer, hold_days integer
) returns text[]
language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' set lock_timeout = '10s'
as $$
declare
    found_objections text[];
    is_changed boolean;
    new_period_id bigint;
begin
    lock table raw.time_sessions in share row exclusive mode;
    create temporary table tide_expired on commit drop as
    select
        e.session_id,
        e.instance_id
    from ops.expired_sessions(ended_before, month_start) as e;
    found_objections := ops.retention_objections(
        'raw.time_sessions', month_start, month_start + interval '1 month', still_days, hold_days
    );
    if archived_in is not null then
        select
            count(*) <> archived_rows
            or bool_or(not pg_visible_in_snapshot(s._xid::text::xid8, archived_in))
        into is_changed
        from pg_temp.tide_expired as e
        inner join raw.time_sessions as s on e.session_id = s.session_id;
        if is_changed then
            found_objections := found_objections || 'its rows changed while they were archived: run it again'::text;
        end if;
    end if;
    if found_objections <> '{}' then
        drop table pg_temp.tide_expired;
        return found_objections;
    end if;
    new_period_id := ops.seal_period(
        'raw.time_sessions', month_start, month_start + interval '1 month',
        (select count(*) from pg_temp.tide_expired), file, digest
    );
    insert into ops.sealed_workflows (instance_id, period_id)
    select distinct e.instance_id, new_period_id from pg_temp.tide_expired as e;
    -- No correction: the totals stay.
    alter table raw.time_sessions disable trigger log_deleted;
    delete from raw.time_sessions as s
    using pg_temp.tide_expired as e
    where s.session_id = e.session_id;
    alter table raw.time_sessions enable trigger log_deleted;
    drop table pg_temp.tide_expired;
    return '{}';
end
$$;
comment on function ops.remove_sessions(
    timestamptz, timestamptz, bigint, pg_snapshot, text, text, integer, integer
) is
'Deletes the expired sessions of a month and seals their workflows, in one transaction, if nothing stands '
'against it and they are just those that were archived; else returns why not and changes nothing.';
