-- Transaction ids that go on wherever a database goes. A raw row's _xid and a model's watermark are ids of the server that
-- wrote them; in another cluster, to which a dump was restored, and after pg_resetwal, the server counts from elsewhere.
-- What the engine writes and compares is therefore the server's id and a shift, chosen at the move so that new ids come
-- after all that there are.

create table ops.clock (
    only_row boolean primary key default true check (only_row),
    shift bigint not null,
    floor bigint not null,
    own_xmin bigint not null,
    own_table oid not null
);

comment on table ops.clock is
'One row: what is added to this server''s transaction ids, and the id that the server had passed when the row was '
'written. own_xmin and own_table are the row''s own system columns: a copy of the files keeps them (create database ... '
'template, a copied or upgraded cluster), a restored dump has others.';

select ops.set_clock(0);

-- Where ids are written -----------------------------------------------------------------------

alter table ops.changes alter column xid set default ops.current_xid();
alter table ops.erasures alter column xid set default ops.current_xid();
alter table ops.loads alter column xid set default ops.current_xid();

do $$
declare
    target regclass;
begin
    for target in
        select t.relid from ops.raw_tables() as r (parent) cross join lateral pg_partition_tree(r.parent) as t
        union
        select r.parent from ops.raw_tables() as r (parent)
    loop
        execute format('alter table only %s alter column _xid set default ops.current_xid()', target);
    end loop;
end
$$;

-- A model of a database that had moved, and was not built there yet, is computed whole as before.
select ops.reset_readers(array(
    select distinct unnest(w.reads)
    from ops.watermarks as w
    where w.cluster_id <> (select system_identifier from pg_control_system())
));
alter table ops.watermarks drop column cluster_id;

-- The engine may renew the transaction id of a row that nobody may change otherwise: its row trigger tells.
drop trigger refuse_change on raw.intervention_audit_log;
create trigger refuse_change before delete on raw.intervention_audit_log
for each statement execute function ops.refuse_change('raw.intervention_audit_log');
