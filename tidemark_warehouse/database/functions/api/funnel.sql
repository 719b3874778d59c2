create or replace function api.funnel(
    funnel_name text, start_at timestamptz default null, end_at timestamptz default null
)
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
declare
    entries constant tstzrange := ops.entries_between(funnel.start_at, funnel.end_at);
begin
    perform ops.check_built('marts.funnel_steps', 'marts.funnel_conversions');
    -- Every funnel that is defined has a row for each of its steps.
    perform ops.check_one_of(
        'funnel_name', funnel_name, array(select distinct s.funnel_name from marts.funnel_steps as s order by 1)
    );
    if entries = '(,)' then
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
        return;
    end if;
    return query
    with entered as (
        select
            array_agg(
                row(1, array(
                    select d.step_at::timestamptz
                    from jsonb_array_elements_text(c.step_timestamps) with ordinality as d (step_at, step_index)
                    order by d.step_index
                ))::ops.funnel_attempt
                order by c.user_id
            ) as attempts,
            array_agg(c.breakdown_value order by c.user_id) as breakdowns
        from marts.funnel_conversions as c
        where c.funnel_name = funnel.funnel_name and entries @> c.started_at
    ),

    named as (
        select
            array_agg(s.step_name order by s.step_index) filter (where s.is_total) as step_names,
            bool_or(not s.is_total) as is_broken_down
        from marts.funnel_steps as s
        where s.funnel_name = funnel.funnel_name
    )

    select f.*
    from named as n
    cross join entered as e
    cross join lateral ops.funnel_figures(
        n.step_names, e.attempts, case when n.is_broken_down then e.breakdowns end
    ) as f;
end
$$;

comment on function api.funnel(text, timestamptz, timestamptz) is
'At which step people drop out: one row a step of a funnel that seeds/funnels.csv defines, all users first '
'(is_total), then by value of its breakdown. funnel_name: the funnel; start_at (included), end_at (not): only users who '
'entered then, by started_at of marts.funnel_conversions, whenever they came through; null is no bound. Rates are '
'fractions: conversion_rate and drop_off_rate from the step before, overall_conversion_rate from the first. Times in '
'seconds. Where steps come in any order step_name says how many of them it takes. Refuses a funnel that is not defined, '
'absurd times, a range without an instant, and a mart that is not built yet.';

grant execute on function api.funnel(text, timestamptz, timestamptz) to tidemark_reader;
