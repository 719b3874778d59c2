create or replace function ops.staying_sessions(ended_before timestamptz)
returns table (row_count bigint, bytes bigint, first_ended_at timestamptz, last_ended_at timestamptz)
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select
        count(*),
        coalesce(sum(pg_column_size(s.*)), 0),
        min(s.ended_at),
        max(s.ended_at)
    from raw.time_sessions as s
    left join raw.workflow_instances as i on s.instance_id = i.instance_id
    where
        s.ended_at < ended_before
        and isfinite(s.ended_at)
        and (s.is_active or i.completed_at is null or i.completed_at >= ended_before)
$$;

comment on function ops.staying_sessions(timestamptz) is
'Sessions that ended before a time and stay, because they or their workflows are not over so long.';
