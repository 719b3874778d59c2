-- What tidemark load has loaded, so that a load can be listed, noticed and taken back. A row of raw knows its load
-- by its transaction: a file is loaded in one, and a row that somebody changed since carries another.

create table ops.loads (
    load_id bigint generated always as identity primary key,
    table_name text not null,
    source text not null,
    digest text not null,
    options jsonb not null,
    mapping jsonb not null,
    written jsonb not null,
    rows_read bigint not null,
    inserted bigint not null,
    updated bigint not null,
    rejected bigint not null,
    first_at timestamptz,
    last_at timestamptz,
    xid bigint not null default (pg_current_xact_id()::text::bigint),
    cluster_id bigint not null,
    loaded_by text not null default session_user,
    loaded_at timestamptz not null default clock_timestamp(),
    unloaded_at timestamptz
);

comment on table ops.loads is
'One row a file that tidemark load has loaded: its content (digest), how it was mapped and read, what it wrote '
'(written: for each table the rows inserted and updated), in which months of time, and the transaction whose rows '
'are its own (xid, of the cluster cluster_id).';

create index loads_digest on ops.loads (digest);
create index loads_xid on ops.loads (xid);
grant select on ops.loads to tidemark_loader;

-- A load takes away what an earlier load of the same file could not take.
grant select (table_name, source), delete on raw.rejected_rows to tidemark_loader;
