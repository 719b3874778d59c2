{{ config(materialized='view') }}

-- A view has no CTE (test_views_have_no_cte).
select distinct
    'seeds/retentions.csv' as seed_file,
    coalesce(r.retention_name, '(no name)') as row_key,
    broken.rule
from {{ ref('retentions') }} as r
cross join
    lateral (  -- noqa: ST05
        values
        (r.retention_name is null, 'retention_name is empty'),
        (
            (
                select count(*)
                from {{ ref('retentions') }} as s
                where r.retention_name = s.retention_name
            ) > 1,
            'this retention_name is used twice'
        ),
        (r.start_event is null, 'start_event is empty: name one, or write * for any'),
        (r.return_event is null, 'return_event is empty: name one, or write * for any'),
        (
            coalesce(r.period, '') not in ('hour', 'day', 'week', 'month', 'quarter'),
            'unknown period "' || coalesce(r.period, '') || '"'
        ),
        (
            coalesce(r.periods, '') !~ '^\d{1,6}$' or r.periods ~ '^0+$',
            'periods is no whole number from 1'
        ),
        (
            coalesce(r.cohort_type, '') not in ('recurring', 'first_time'),
            'cohort_type "'
            || coalesce(r.cohort_type, '')
            || '" is neither recurring nor first_time'
        ),
        (r.environment is null, 'environment is empty: name one, or write * for all'),
        (
            coalesce(r.return_mode, 'on') not in ('on', 'on_or_after'),
            'return_mode "' || coalesce(r.return_mode, '') || '" is neither on nor on_or_after'
        ),
        (
            r.start_filters is not null
            and ops.filters_problem(ops.json_of(r.start_filters)) is not null,
            'start_filters: ' || ops.filters_problem(ops.json_of(r.start_filters))
        ),
        (
            r.return_filters is not null
            and ops.filters_problem(ops.json_of(r.return_filters)) is not null,
            'return_filters: ' || ops.filters_problem(ops.json_of(r.return_filters))
        )
    ) as broken (is_broken, rule)
where broken.is_broken
