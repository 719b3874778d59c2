create or replace function ops.keep_identifications(
    kept_period_id bigint, partition regclass, period_from timestamptz, period_to timestamptz
) returns bigint
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    kept bigint;
begin
    execute format(
        'insert into ops.kept_identifications (distinct_id, user_id, event_type, period_id, event_at) '
        'select e.distinct_id, e.user_id, k.event_type, $1, max(e.event_at) from %s as e '
        'cross join lateral (select case when e.event_type in (''identify'', ''alias'') then e.event_type '
        'else ''track'' end as event_type) as k '
        'where e.user_id <> e.distinct_id and e.user_id <> '''' and e.distinct_id <> '''' '
        'and e.event_at >= $2 and e.event_at < $3 and isfinite(e.event_at) '
        -- An event with too long an id is in no model (can_be_key).
        'and greatest(octet_length(e.event_name), octet_length(e.distinct_id), octet_length(e.user_id), '
        'octet_length(e.session_id), octet_length(e.environment)) <= 512 '
        'group by e.distinct_id, e.user_id, k.event_type', partition
    ) using kept_period_id, period_from, period_to;
    get diagnostics kept = row_count;
    return kept;
end
$$;

comment on function ops.keep_identifications(bigint, regclass, timestamptz, timestamptz) is
'Keeps what the events of a partition that is about to go say of who is who; returns how many rows that is.';
