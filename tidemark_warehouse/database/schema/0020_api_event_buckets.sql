-- The buckets of a range of time, and what was counted in them.

create type ops.event_bucket as (
    bucket_start timestamptz,
    from_at timestamptz,
    to_at timestamptz,
    is_whole boolean,
    is_complete boolean
);
comment on type ops.event_bucket is
'A bucket of a series as far as it lies in the range asked for: its name in the marts, the part to be counted, '
'whether that is all of it, and whether no more events can come.';

create type ops.event_figure as (
    bucket_start timestamptz,
    breakdown_value text,
    event_count bigint,
    unique_users bigint
);
comment on type ops.event_figure is 'What was counted in a bucket. A count of 0 says that it was looked at.';
