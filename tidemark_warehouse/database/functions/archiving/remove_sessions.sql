create or replace function ops.remove_sessions(
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
            or bool_or(ops.is_unseen(s._xid, archived_in))
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
    alter table raw.time_sessions enable always trigger log_deleted;
    perform ops.note_versions('raw.time_sessions');
    drop table pg_temp.tide_expired;
    return '{}';
end
$$;

comment on function ops.remove_sessions(
    timestamptz, timestamptz, bigint, pg_snapshot, text, text, integer, integer
) is
'Deletes the expired sessions of a month and seals their workflows, in one transaction, if nothing stands '
'against it and they are just those that were archived; else returns why not and changes nothing.';
