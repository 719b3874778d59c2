create or replace function api.retention(retention_name text)
returns table (
    is_total boolean,
    breakdown_value text,
    cohort_start timestamptz,
    period_index integer,
    cohort_size bigint,
    returned_users bigint,
    retention_rate numeric,
    cohort_date date
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform ops.check_built('marts.retention_cohorts', 'intermediate.int_retentions__defined');
    -- Definitions are asked, for one without a start event yet has no cohort.
    perform ops.check_one_of(
        'retention_name',
        retention_name,
        array(select r.retention_name from intermediate.int_retentions__defined as r order by 1)
    );
    return query
    select
        c.is_total,
        c.breakdown_value,
        c.cohort_start,
        c.period_index,
        c.cohort_size,
        c.returned_users,
        c.retention_rate,
        c.cohort_date
    from marts.retention_cohorts as c
    where c.retention_name = retention.retention_name
    order by c.is_total desc, c.breakdown_value, c.cohort_start, c.period_index;
end
$$;

comment on function api.retention(text) is
'Who comes back, of those who started together: one row a cohort and period of a retention that seeds/retentions.csv '
'defines, all users first (is_total), then by value of its breakdown. retention_name: the retention. cohort_size and '
'returned_users are users, retention_rate is a fraction; period_index 0 is the cohort '
'itself, cohort_date its first date in the reporting zone. Refuses a retention that is not defined, and a mart that is '
'not built yet.';

grant execute on function api.retention(text) to tidemark_reader;
