create or replace function api.retentions()
returns table (
    retention_name text,
    environment text,
    period text,
    periods integer,
    cohort_type text,
    return_mode text,
    breakdown_property text
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform ops.check_built('intermediate.int_retentions__defined');
    return query
    select
        r.retention_name,
        r.environment,
        r.period,
        r.periods::integer,
        r.cohort_type,
        r.return_mode,
        r.breakdown_property
    from intermediate.int_retentions__defined as r
    order by r.retention_name;
end
$$;

comment on function api.retentions() is
'What api.retention can be asked for: one row a retention that seeds/retentions.csv defines, as the latest build read '
'it. period: hour, day, week, month or quarter; periods: how many, the cohort''s own among them; return_mode: on (came '
'back in that period) or on_or_after (in it or a later one, so that newer cohorts have had less time). '
'Refuses to answer before the first build.';

grant execute on function api.retentions() to tidemark_reader;
