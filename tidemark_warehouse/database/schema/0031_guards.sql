-- What guards raw stands guard whoever writes and by whatever means: a row that brings the transaction id of another time
-- or server gets its own, and triggers that were off for a while, or partitions that came and went by hand, are noticed.

create table ops.guards (
    relation text not null,
    kind text not null check (kind in ('constraint', 'index', 'trigger', 'column')),
    name text not null,
    definition text not null,
    primary key (relation, kind, name)
);
comment on table ops.guards is
'What each raw table was installed with: its keys, indexes, triggers, and the types of its columns.';

create table ops.guard_versions (
    relation text primary key,
    server_id bigint not null,
    versions text not null
);
comment on table ops.guard_versions is
'One row a raw table: which versions of the catalog''s rows its triggers and partitions had when the engine last looked. '
'A trigger that was off for a while has another. They mean nothing on another server (pg_upgrade writes them anew).';

do $$
declare
    target regclass;
    member regclass;
begin
    for target in select * from ops.raw_tables() loop
        for member in select * from ops.family_of(target) loop
            perform ops.watch(target::text, member);
        end loop;
    end loop;
end
$$;

select ops.note_guards();
