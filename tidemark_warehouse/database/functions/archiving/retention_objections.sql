create or replace function ops.retention_objections(
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
            '%s cannot keep what it would lose (no frozen_by among its refresh options)',
            array_to_string(target.unfit_readers, ', ')
        );
    end if;
    if
        target.is_raw
        and exists (
            select
            from ops.guard_versions as v
            cross join pg_control_system() as s
            where
                v.relation = retention_objections.relation
                and v.server_id = s.system_identifier
                and v.versions <> ops.versions_of(v.relation::regclass)
        )
    then
        found_objections := found_objections
            || 'its triggers or partitions were touched by hand: tidemark build, and it is known what was'::text;
    end if;
    for reader in
        select
            r.name,
            w.relation is null as is_unbuilt,
            w.built_at,
            w.seen
        from unnest(target.readers) as r (name)
        left join ops.watermarks as w on r.name = w.relation
        order by r.name
    loop
        if reader.is_unbuilt then
            found_objections := found_objections || format('%s has never been built', reader.name);
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
                and ops.is_unseen(c.xid, reader.seen)
        ) then
            found_objections := found_objections || format('%s has not consumed corrections of it', reader.name);
        end if;
    end loop;

    select count(distinct (l.key, l.row_time)) into waiting
    from ops.noted_late_rows as l
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
