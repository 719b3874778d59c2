{{ config(materialized='view') }}

-- A view has no CTE (test_views_have_no_cte).
select
    'seeds/funnels.csv' as seed_file,
    coalesce(f.funnel_name, '(no name)') as row_key,
    broken.rule
from {{ ref('funnels') }} as f
cross join
    lateral (  -- noqa: ST05
        values
        (f.funnel_name is null, 'funnel_name is empty'),
        (
            (
                select count(*) from {{ ref('funnels') }} as g
                where f.funnel_name = g.funnel_name
            )
            > 1,
            'this funnel_name is used twice'
        ),
        (f.environment is null, 'environment is empty: name one, or write * for all'),
        (
            coalesce(f.step_order, '') not in ('ordered', 'strict', 'unordered'),
            'step_order "'
            || coalesce(f.step_order, '')
            || '" is none of ordered, strict, unordered'
        ),
        (f.conversion_window_seconds ~ '^-', 'conversion_window_seconds is negative'),
        (
            f.conversion_window_seconds !~ '^-?\d{1,18}(\.\d+)?$',
            'conversion_window_seconds is no number'
        ),
        (
            not exists (
                select from {{ ref('funnel_steps') }} as s
                where f.funnel_name = s.funnel_name
            ),
            'the funnel has no step in funnel_steps.csv'
        )
    ) as broken (is_broken, rule)
where broken.is_broken
union
select
    'seeds/funnel_steps.csv' as seed_file,
    coalesce(s.funnel_name, '(no funnel)')
    || ', '
    || coalesce(s.step_index, '(no step)') as row_key,
    broken.rule
from {{ ref('funnel_steps') }} as s
cross join
    lateral (  -- noqa: ST05
        values
        (
            not exists (
                select from {{ ref('funnels') }} as f
                where f.funnel_name = s.funnel_name
            ),
            'funnels.csv has no funnel of this name'
        ),
        (coalesce(s.step_index, '') !~ '^\d{1,4}$', 'step_index is no whole number from 1'),
        (
            s.step_index ~ '^\d{1,4}$' and s.step_index::integer not between 1 and 60,
            'step_index is not from 1 to 60'
        ),
        (
            (
                select count(*)
                from {{ ref('funnel_steps') }} as t
                where
                    s.funnel_name = t.funnel_name
                    and case when s.step_index ~ '^\d{1,4}$' then s.step_index::integer end
                    = case when t.step_index ~ '^\d{1,4}$' then t.step_index::integer end
            ) > 1,
            'this step_index is used twice in its funnel'
        ),
        (
            s.step_index ~ '^\d{1,4}$'
            and s.step_index::integer > 1
            and not exists (
                select
                from {{ ref('funnel_steps') }} as t
                where
                    s.funnel_name = t.funnel_name
                    and case when t.step_index ~ '^\d{1,4}$' then t.step_index::integer end
                    = s.step_index::integer - 1
            ),
            'there is a gap in step_index before this step'
        ),
        (s.event_name is null, 'event_name is empty: name one, or write * for any'),
        (
            s.filters is not null and ops.filters_problem(ops.json_of(s.filters)) is not null,
            ops.filters_problem(ops.json_of(s.filters))
        )
    ) as broken (is_broken, rule)
where broken.is_broken
union
select
    'seeds/funnel_exclusions.csv' as seed_file,
    coalesce(x.funnel_name, '(no funnel)')
    || ', '
    || coalesce(x.event_name, '(no event)') as row_key,
    broken.rule
from {{ ref('funnel_exclusions') }} as x
cross join
    lateral (  -- noqa: ST05
        values
        (
            not exists (
                select from {{ ref('funnels') }} as f
                where f.funnel_name = x.funnel_name
            ),
            'funnels.csv has no funnel of this name'
        ),
        (x.event_name is null, 'event_name is empty: name one, or write * for any'),
        (
            (
                select count(*)
                from {{ ref('funnel_exclusions') }} as t
                where x.funnel_name = t.funnel_name
            ) > 60,
            'its funnel has more than 60 exclusions'
        ),
        (
            x.filters is not null and ops.filters_problem(ops.json_of(x.filters)) is not null,
            ops.filters_problem(ops.json_of(x.filters))
        )
    ) as broken (is_broken, rule)
where broken.is_broken
