-- Which program refreshed, and in which transaction: who asks what is new asks by the transaction, for a refresh that
-- takes long is committed after later ones that were quick. Rows of before say neither.

alter table ops.refreshes add column xid bigint;
alter table ops.refreshes add column refreshed_by text;
alter table ops.refreshes alter column xid set default ops.current_xid();
alter table ops.refreshes alter column refreshed_by set default current_setting('application_name');
create index refreshes_xid on ops.refreshes (xid);

comment on table ops.refreshes is
'One row a refresh that changed something or failed (message says why), whatever started it. keys: how many were '
'computed again, null where all were. xid: its transaction. refreshed_by: the name of the program''s connection, '
'"tidemark watch fast" or "tidemark watch slow" for the watcher.';
