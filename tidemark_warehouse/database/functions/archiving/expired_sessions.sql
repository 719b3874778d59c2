create or replace function ops.expired_sessions(ended_before timestamptz, month_start timestamptz)
returns table (session_id text, instance_id text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select
        s.session_id,
        s.instance_id
    from raw.time_sessions as s
    inner join raw.workflow_instances as i on s.instance_id = i.instance_id
    where
        s.is_active is not true
        and s.ended_at < ended_before
        and i.completed_at < ended_before
        and s.ended_at >= month_start
        and s.ended_at < month_start + interval '1 month'
        -- What waits for a restored workflow waits in raw.
        and not exists (
            select
            from ops.noted_late_rows as l
            where l.table_name = 'time_sessions' and l.key = s.session_id
        )
$$;

comment on function ops.expired_sessions(timestamptz, timestamptz) is
'Sessions that ended in a month and before a time, inactive, of workflows that completed before it too.';
