-- What a build without dbt needs beside programs: data tests, snapshots, and of which project all of them are.

create type ops.reader as (
    name text,
    reads text[],
    -- What it has seen; null = nothing yet.
    seen pg_snapshot
);
comment on type ops.reader is
'Whatever reads relations and remembers what it has seen of them: a model, a data test, a snapshot.';

create table ops.tests (
    unique_id text primary key,
    name text not null,
    path text not null,
    -- The nodes that it is about, by their relations: what depends on all of them waits for it.
    nodes text[] not null,
    reads text[] not null,
    text text not null,
    -- Set where the rows that it warns of are shown.
    rows_text text,
    severity text not null check (severity in ('error', 'warn')),
    warn_if text not null,
    error_if text not null,
    follows_clock boolean not null,
    seen pg_snapshot,
    as_of timestamptz,
    status text check (status in ('pass', 'warn', 'fail', 'error')),
    failures bigint,
    message text,
    ran_at timestamptz
);
comment on table ops.tests is
'One row a data test: its compiled query, and how it came out. dbt stores it when it runs the test.';

create table ops.snapshots (
    relation text primary key,
    unique_id text not null,
    reads text[] not null,
    text text not null,
    seen pg_snapshot
);
comment on table ops.snapshots is
'One row a dbt snapshot: the query for versions that begin and end, and which rows of raw it has seen.';

create table ops.project (
    is_only boolean primary key default true check (is_only),
    fingerprint text not null,
    kinds text[] not null,
    vars jsonb not null,
    defaults jsonb not null,
    digest text not null,
    built_at timestamptz not null default clock_timestamp()
);
comment on table ops.project is
'The project that the last whole build was of: its files, vars and versions, and what stood in the database after it. '
'While both are the same a build needs no dbt.';

create table ops.looks (
    is_only boolean primary key default true check (is_only),
    looked_at timestamptz not null,
    as_of timestamptz not null
);
comment on table ops.looks is
'When a build or the watcher last found every model up to date, and what stood for now then.';

-- So that a failure in ops.refreshes is known to be over.
alter table ops.seeds add column loaded_at timestamptz not null default clock_timestamp();
