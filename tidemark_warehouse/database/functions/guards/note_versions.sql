create or replace function ops.note_versions(target regclass) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    -- The first migrations make partitions before there are guards.
    if to_regclass('ops.guard_versions') is null then
        return;
    end if;
    insert into ops.guard_versions (relation, server_id, versions)
    select target::text, s.system_identifier, ops.versions_of(target) from pg_control_system() as s
    on conflict (relation) do update set server_id = excluded.server_id, versions = excluded.versions;
end
$$;

comment on function ops.note_versions(regclass) is
'To be called by whatever of Tidemark makes or removes partitions, or switches triggers, in the same transaction.';
