create or replace function ops.mend_guards() returns text[]
language plpgsql set search_path = pg_catalog, pg_temp set lock_timeout = '60s'
as $$
declare
    fault record;
    target regclass;
    ahead boolean;
    to_come bigint;
    found_faults text[] := '{}';
    touched text[] := '{}';
begin
    perform pg_advisory_xact_lock(hashtextextended('tidemark clock', 0));
    for fault in select f.* from ops.guard_faults() as f order by f.relation, f.place, f.remedy loop
        if fault.relation <> all(touched) then
            execute format('lock table %s in share row exclusive mode', fault.relation);
            touched := touched || fault.relation;
        end if;
        found_faults := found_faults || format('%s: %s', fault.relation, fault.fault);
        if fault.place = 9 then
            raise exception '%: %', fault.relation, fault.fault using hint = fault.remedy;
        elsif fault.remedy is not null then
            execute fault.remedy;
        end if;
    end loop;
    -- A trigger that was mended by its definition works for some writers only.
    perform ops.watch(f.relation, f.member)
    from (
        select
            t.relation,
            m.member
        from unnest(touched) as t (relation)
        cross join lateral ops.family_of(t.relation::regclass) as m (member)
    ) as f;
    -- Rows whose ids are yet to come would be new to build after build.
    to_come := greatest(pg_snapshot_xmax(ops.current_snapshot())::text::bigint, ops.current_xid() + 1);
    for target in select * from ops.raw_tables() loop
        execute format('select exists (select from %s where _xid >= $1)', target) into ahead using to_come;
        if ahead then
            found_faults := found_faults || format('%s: rows have transaction ids that are yet to come', target);
            execute format('lock table %s in share row exclusive mode', target);
            execute format('update %s set _xid = ops.current_xid() where _xid >= $1', target) using to_come;
            touched := touched || target::text;
        end if;
    end loop;
    perform ops.reset_readers(array(select distinct unnest(touched)));
    -- Only what differs: a load that adds a partition meanwhile notes its own.
    perform ops.note_versions(t.target)
    from ops.raw_tables() as t (target)
    cross join pg_control_system() as s
    left join ops.guard_versions as v on t.target::text = v.relation
    where t.target::text = any(touched) or v.server_id is distinct from s.system_identifier;
    return found_faults;
end
$$;

comment on function ops.mend_guards() is
'Before a build: puts back what guards raw, and where something was not as installed, lets what reads that table be '
'computed whole, once. Returns what it found; refuses what it cannot mend.';
