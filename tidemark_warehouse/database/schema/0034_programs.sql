-- What refreshes a relation: its program, the parameter that its texts take, and what each refresh came to.

create type ops.moment as (
    -- Which text computes the result: whole, narrowed, or a kind's own.
    mode text,
    as_of timestamptz,
    -- The last refresh had seen every transaction before unseen_from but these.
    unseen_from bigint,
    unfinished bigint[],
    -- How many keys are affected; null = all.
    keys bigint,
    -- `tidemark refresh --from --to`: dates whose keys are computed again, too.
    window_from date,
    window_to date,
    -- One batch of a refresh of all keys.
    batch_from timestamptz,
    batch_to timestamptz,
    -- Bounds of in_span().
    spans_from timestamptz[],
    spans_to timestamptz[],
    -- Sealed time, by unit; what was restored since the last refresh; and which new rows are late.
    is_frozen boolean,
    frozen tstzmultirange[],
    frozen_dates datemultirange[],
    reopened tstzmultirange[],
    reopened_dates datemultirange[],
    sealed tstzmultirange,
    -- Retain best: from when on nearly all keys are read that are not read from the beginning.
    reads_from timestamptz,
    -- Delta merge: what is read again, and what is added.
    is_one_stretch boolean,
    is_span_by_span boolean,
    read_from timestamptz,
    read_to timestamptz,
    is_adding boolean,
    added_rows bigint,
    added_from timestamptz,
    added_to timestamptz,
    is_one_bucket boolean,
    counted_from timestamptz,
    counted_to timestamptz,
    notice text
);
comment on type ops.moment is
'The one parameter of a program''s texts: decisions of run time, which fold to constants when a text is planned.';

create table ops.programs (
    relation text primary key,
    model text not null,
    kind text not null check (kind in ('table', 'record', 'delta_merge', 'retain_best')),
    texts jsonb not null,
    hooks jsonb not null,
    options jsonb not null,
    key text[] not null,
    columns text[] not null,
    required text[] not null,
    times text[] not null,
    reads text[] not null,
    views text[] not null,
    seeds text[] not null,
    functions text[] not null,
    clock text not null check (clock in ('none', 'date', 'instant')),
    zone text not null,
    opening text not null,
    shape text not null,
    settings text not null,
    stored_at timestamptz not null default clock_timestamp()
);
comment on table ops.programs is
'One row a model: what ops.refresh runs. Its materialization stores it, in the transaction of the rows.';

create table ops.refreshes (
    relation text not null,
    kind text not null check (kind in ('model', 'seed', 'test')),
    started_at timestamptz not null,
    seconds numeric not null,
    whole boolean,
    keys bigint,
    rows_written bigint,
    rows_deleted bigint,
    message text
);
create index refreshes_started_at on ops.refreshes (started_at);
create index refreshes_relation on ops.refreshes (relation, started_at);
comment on table ops.refreshes is
'One row a refresh that changed something or failed (message says why), whatever started it. keys: how many were '
'computed again, null where all were.';

create table ops.seeds (
    relation text primary key,
    digest text not null
);
comment on table ops.seeds is
'One row a seed: a digest of its rows, as the last build loaded them.';
