create or replace function api.feature_usage(start_date date, end_date date, feature text default null)
returns table (
    feature_name text,
    date date,
    usage_count bigint,
    unique_users bigint,
    avg_duration_ms numeric,
    success_rate numeric
)
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform ops.check_dates(start_date, end_date);
    perform ops.check_built('marts.feature_usage');
    return query
    select
        f.feature_name,
        f.date,
        f.usage_count,
        f.unique_users,
        f.avg_duration_ms,
        f.success_rate
    from marts.feature_usage as f
    where
        f.date between feature_usage.start_date and feature_usage.end_date
        and (feature_usage.feature is null or f.feature_name = feature_usage.feature)
    order by f.feature_name, f.date;
end
$$;

comment on function api.feature_usage(date, date, text) is
'Who uses a feature of the product, and whether it works: one row a feature of seeds/feature_events.csv and date on which it '
'was used. start_date and end_date: both belong to the range; feature: one of them, null for all. unique_users are '
'distinct users of the date, and never to be summed; avg_duration_ms in milliseconds; success_rate is a fraction. '
'Refuses absurd dates, a range that ends before it starts, and a mart that is not built yet.';

grant execute on function api.feature_usage(date, date, text) to tidemark_reader;
