create or replace function api.funnel(funnel_name text)
returns table (
    is_total boolean,
    breakdown_value text,
    step_index integer,
    step_name text,
    users bigint,
    conversion_rate numeric,
    drop_off_rate numeric,
    overall_conversion_rate numeric,
    avg_seconds_from_previous numeric,
    median_seconds_from_previous numeric
)
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform ops.check_built('marts.funnel_steps');
    -- Every funnel that is defined has a row for each of its steps.
    perform ops.check_one_of(
        'funnel_name', funnel_name, array(select distinct s.funnel_name from marts.funnel_steps as s order by 1)
    );
    return query
    select
        s.is_total,
        s.breakdown_value,
        s.step_index,
        s.step_name,
        s.users,
        s.conversion_rate,
        s.drop_off_rate,
        s.overall_conversion_rate,
        s.avg_seconds_from_previous,
        s.median_seconds_from_previous
    from marts.funnel_steps as s
    where s.funnel_name = funnel.funnel_name
    order by s.is_total desc, s.breakdown_value, s.step_index;
end
$$;

comment on function api.funnel(text) is
'At which step people drop out: one row a step of a funnel that seeds/funnels.csv defines, all users first '
'(is_total), then by value of its breakdown. funnel_name: the funnel. Rates are fractions: conversion_rate and '
'drop_off_rate from the step before, overall_conversion_rate from the first. Times in seconds. Where steps come in '
'any order step_name says how many of them it takes. Refuses a funnel that is not defined, and a mart that is not '
'built yet.';

grant execute on function api.funnel(text) to tidemark_reader;
