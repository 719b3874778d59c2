create or replace function ops.keep_funnel_attempts(kept_period_id bigint, period_from timestamptz, period_to timestamptz)
returns bigint
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    kept bigint;
begin
    if to_regclass('marts.funnel_conversions') is null then
        return 0;
    end if;
    insert into ops.kept_funnel_attempts (
        funnel_name, user_id, period_id, definition, breakdown_value, session_id, started_at,
        completed_at, current_step, completed, step_timestamps
    )
    select
        c.funnel_name, c.user_id, kept_period_id, f.definition, c.breakdown_value, c.session_id,
        c.started_at, c.completed_at, c.current_step, c.completed, c.step_timestamps
    from marts.funnel_conversions as c
    inner join intermediate.int_funnels__defined as f on c.funnel_name = f.funnel_name
    where c.started_at >= period_from and c.started_at < period_to;
    get diagnostics kept = row_count;
    return kept;
end
$$;

comment on function ops.keep_funnel_attempts(bigint, timestamptz, timestamptz) is
'Keeps the funnel results whose entry event is about to leave raw; returns how many.';
