-- The schemas, and what the incremental engine remembers about every relation.

create schema raw;
create schema staging;
create schema intermediate;
create schema marts;
create schema marts_people;
create schema seeds;
create schema api;

comment on schema raw is 'What applications, EL tools and tidemark load write';
comment on schema ops is 'What the engine remembers: changes, watermarks, migrations';
comment on schema staging is 'Views, one to one with the raw tables';
comment on schema intermediate is 'Private state between staging and the marts';
comment on schema marts is 'What people and BI tools read';
comment on schema marts_people is 'Marts about persons and teams; restricted';
comment on schema seeds is 'Definitions that analysts edit as CSV files';
comment on schema api is 'Query functions for dashboards and the HTTP endpoints';

grant usage on schema raw to tidemark_loader;
grant usage on schema marts, api to tidemark_reader;
grant usage on schema marts_people to tidemark_people_reader;

create table ops.changes (
    change_id bigint generated always as identity,
    relation text not null,
    xid bigint not null default (pg_current_xact_id()::text::bigint),
    kind text not null check (kind in ('old', 'new', 'reset')),
    row_image jsonb,
    written_at timestamptz not null default clock_timestamp()
);
create index changes_relation_xid on ops.changes (relation, xid);

comment on table ops.changes is
'One row for each version of a row that was replaced (old) or written (new). Raw tables log only old '
'versions: their new ones carry their transaction id. Models log both, and one reset when they are '
'filled from empty. Removed once every reader has consumed it and it is older than a week.';

create table ops.watermarks (
    relation text primary key,
    model text not null,
    seen pg_snapshot not null,
    fingerprint text not null,
    shape text not null,
    settings text not null,
    reads text[] not null,
    as_of timestamptz not null,
    cluster_id bigint not null,
    rows_scoped bigint not null default 0,
    rows_written bigint not null default 0,
    rows_deleted bigint not null default 0,
    built_at timestamptz not null default clock_timestamp()
);

comment on table ops.watermarks is
'One row a model: the snapshot of transactions it has consumed, the definition it was built with, '
'the relations it reads, and what its last build wrote. Stored in the transaction of the rows.';

create table ops.views (
    relation text primary key,
    fingerprint text not null,
    created_at timestamptz not null default clock_timestamp()
);

comment on table ops.views is
'One row a staging view: the definition that the database has, so that an unchanged view is left alone.';
grant usage on schema ops to tidemark_loader;
