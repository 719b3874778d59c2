-- Data tests that look at what is new since they looked the last time, and what they have found.
alter table ops.tests
    add column seen_before pg_snapshot,
    add column counts_rows boolean;
comment on column ops.tests.seen_before is
'What the last look but one had seen: rows that it had not are those that the last look was about.';
comment on column ops.tests.counts_rows is 'Whether the rows that it gives are kept in ops.bad_rows.';

create table ops.bad_rows (
    table_name text not null,
    reason text not null,
    row_count bigint not null,
    example text,
    first_at timestamptz not null default clock_timestamp(),
    last_at timestamptz not null default clock_timestamp(),
    primary key (table_name, reason)
);
comment on table ops.bad_rows is
'One row a raw table and reason: how many rows cannot be meant, and the key of one. Of tables that are only added to, rows '
'are counted when they come.';
