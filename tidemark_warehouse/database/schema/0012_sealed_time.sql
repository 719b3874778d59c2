-- What retention has removed from raw, what the marts keep of it, and what erasures have rewritten.

create table ops.sealed_periods (
    period_id bigint generated always as identity primary key,
    relation text not null,
    from_at timestamptz not null,
    to_at timestamptz not null,
    row_count bigint not null,
    archive_file text,
    manifest_digest text,
    sealed_at timestamptz not null default clock_timestamp(),
    reopened_at timestamptz,
    reopened_xid bigint,
    check (from_at < to_at)
);
create index sealed_periods_relation on ops.sealed_periods (relation, from_at);

comment on table ops.sealed_periods is
'One row a period whose raw rows were removed: half-open, with the file that they lie in (null: the policy '
'archives none). Restored periods have the transaction that brought them back, until they are sealed again.';

create table ops.sealed_workflows (
    instance_id text not null,
    period_id bigint not null references ops.sealed_periods on delete cascade,
    primary key (instance_id, period_id)
);
create index sealed_workflows_period on ops.sealed_workflows (period_id);

comment on table ops.sealed_workflows is
'One row a workflow and period in which sessions of it were removed: its step totals are sealed.';

create table ops.stale_archives (
    archive_file text primary key
);

comment on table ops.stale_archives is
'Files of the archive that are to be deleted: a newer one replaces them, or the transaction that was to '
'need them has not committed.';

create table ops.purged_marts (
    relation text primary key,
    before_at timestamptz not null,
    purged_at timestamptz not null default clock_timestamp()
);

comment on table ops.purged_marts is
'One row a mart from which old rows were removed, and the time before which it has none: a build from '
'nothing does not make them again.';

create table ops.late_rows (
    table_name text not null,
    row_time timestamptz not null,
    key text not null,
    mart text not null,
    model text not null,
    seen_at timestamptz not null default clock_timestamp(),
    primary key (mart, table_name, key, row_time)
);
create index late_rows_model on ops.late_rows (model);
create index late_rows_table on ops.late_rows (table_name, row_time);

comment on table ops.late_rows is
'One row a raw row and mart in which it cannot count: its bucket is sealed, because other rows of it were '
'archived. The model that seals it listed it. It counts once the period is restored and built.';

create table ops.kept_funnel_attempts (
    funnel_name text not null,
    user_id text not null,
    period_id bigint not null references ops.sealed_periods on delete cascade,
    definition text not null,
    breakdown_value text,
    session_id text,
    started_at timestamptz not null,
    completed_at timestamptz,
    current_step integer not null,
    completed boolean not null,
    step_timestamps jsonb not null,
    primary key (funnel_name, user_id, period_id)
);
create index kept_funnel_attempts_period on ops.kept_funnel_attempts (period_id);

comment on table ops.kept_funnel_attempts is
'One row a user''s result of a funnel whose entry event was archived, as it stood then; definition is that '
'of the funnel (int_funnels__defined).';

create table ops.retention_targets (
    relation text primary key,
    is_raw boolean not null,
    time_column text,
    only_where text,
    readers text[] not null,
    unfit_readers text[] not null,
    reads_back_days integer not null
);

comment on table ops.retention_targets is
'One row a table that a retention policy may name, as the last build of the project saw it: the models '
'that read it, those of them that cannot keep what it would lose (no sealed_by), and how many days back '
'they read at most. Of a mart also the column of time and the rows that expire.';

create table ops.erasures (
    erasure_id bigint generated always as identity primary key,
    erased_at timestamptz not null default clock_timestamp(),
    by_role text not null default session_user,
    rows jsonb not null,
    archive_files integer not null,
    xid bigint not null default (pg_current_xact_id()::text::bigint),
    finished_at timestamptz
);

comment on table ops.erasures is
'One row an erasure of a person: when, by which role, how many rows of which tables and how many archived files. '
'Never whose. Finished once every model has followed and no replaced version of a row names the person.';

create table ops.erased_unseen (
    erasure_id bigint not null references ops.erasures on delete cascade,
    table_name text not null,
    key text not null,
    row_time timestamptz not null,
    primary key (erasure_id, table_name, key, row_time)
);

comment on table ops.erased_unseen is
'One row a raw row that some model had not consumed when an erasure rewrote it, in a table with sealed time: it '
'may still be late. The other rewritten rows are not, they were counted before.';
