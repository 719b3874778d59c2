create or replace function ops.funnel_figures(
    step_names text[], attempts ops.funnel_attempt[], breakdowns text[]
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
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    with done as (
        select
            g.is_total,
            case when not g.is_total then a.breakdown end as breakdown,
            d.step_index,
            extract(epoch from d.step_at - a.step_at[d.step_index - 1]) as seconds
        from unnest(attempts, breakdowns) as a (entry, step_at, breakdown)
        cross join lateral unnest(a.step_at) with ordinality as d (step_at, step_index)
        cross join (values (true), (false)) as g (is_total)
        where g.is_total or breakdowns is not null
    ),

    reached as (
        select
            d.is_total, d.breakdown, d.step_index, count(*) as users, sum(d.seconds) as total_seconds,
            array_agg(d.seconds order by d.seconds) as all_seconds
        from done as d
        group by d.is_total, d.breakdown, d.step_index
    ),

    groups as (
        select true as is_total, null::text as breakdown
        union all
        select r.is_total, r.breakdown from reached as r where r.step_index = 1 and not r.is_total
    ),

    counted as (
        select
            g.is_total,
            g.breakdown,
            s.step_index,
            s.step_name,
            coalesce(r.users, 0) as users,
            lag(coalesce(r.users, 0)) over in_turn as users_before,
            first_value(coalesce(r.users, 0)) over in_turn as users_entered,
            r.total_seconds,
            r.all_seconds
        from groups as g
        cross join unnest(step_names) with ordinality as s (step_name, step_index)
        left join reached as r
            on
                g.is_total = r.is_total
                and g.breakdown is not distinct from r.breakdown
                and s.step_index = r.step_index
        window in_turn as (partition by g.is_total, g.breakdown order by s.step_index)
    )

    select
        c.is_total,
        c.breakdown,
        c.step_index::integer,
        c.step_name,
        c.users,
        case when c.step_index = 1 then 1 else c.users::numeric / nullif(c.users_before, 0) end,
        case when c.step_index = 1 then 0 else 1 - c.users::numeric / nullif(c.users_before, 0) end,
        c.users::numeric / nullif(c.users_entered, 0),
        c.total_seconds / nullif(c.users, 0),
        (c.all_seconds[(c.users + 1) / 2] + c.all_seconds[c.users / 2 + 1]) / 2
    from counted as c
    order by c.is_total desc, c.breakdown nulls last, c.step_index
$$;

comment on function ops.funnel_figures(text[], ops.funnel_attempt[], text[]) is
'What the attempts of users come to: the rows of marts.funnel_steps, all users first (is_total), then by breakdown. '
'step_names: of each step; attempts: the one of each user that counts; breakdowns: of each attempt the value of its '
'entry, null where the funnel has no breakdown.';

grant execute on function ops.funnel_figures(text[], ops.funnel_attempt[], text[]) to tidemark_reader;
