{{
    config(
        unique_key=['entity_type', 'entity_id', 'signal', 'selection', 'period', 'period_start'],
        meta={'refresh': {'fills': {'selection': "'{}'"}}},
    )
}}

{% set affected %}
    select
        'environment' as entity_type,
        e.environment as entity_id,
        e.period,
        e.period_start
    from {{ changed(ref('int_environments__watched')) }} as e
    union all
    select
        'user' as entity_type,
        u.user_id as entity_id,
        u.period,
        u.period_start
    from {{ changed(ref('int_users__watched')) }} as u
    union all
    select
        'project' as entity_type,
        p.project_id as entity_id,
        of_date.period,
        of_date.period_start
    from {{ changed(ref('project_metrics')) }} as p
    cross join lateral {{ days_and_weeks_of('p.date') }} as of_date (period, period_start)
    where of_date.period = 'day' or extract(isodow from p.date) = 7
    union all
    select
        'metric' as entity_type,
        m.name as entity_id,
        m.period,
        m.period_start
    from {{ changed(ref('int_metrics__pooled')) }} as m
    union all
    select
        'metric' as entity_type,
        s.name as entity_id,
        s.period,
        {{ local_date('s.starts_at') }} as period_start
    from {{ changed(ref('int_metrics__selected')) }} as s
    union all
    select
        s.entity_type,
        s.entity_id,
        s.period,
        s.period_start
    from {{ changed(ref('int_people_signals__gathered')) }} as s
{% endset %}

with

{{ scope(affected) }},

environments as (
    select *
    from {{ ref('int_environments__watched') }}
    where
        {{ in_scope(
        "'environment' as entity_type", 'environment as entity_id', 'period', 'period_start'
    ) }}
),

users as (
    select *
    from {{ ref('int_users__watched') }}
    where {{ in_scope("'user' as entity_type", 'user_id as entity_id', 'period', 'period_start') }}
),

metrics as (
    select
        name,
        '{}'::jsonb as selection,
        period,
        period_start,
        count,
        avg,
        p99
    from {{ ref('int_metrics__pooled') }}
    where {{ in_scope("'metric' as entity_type", 'name as entity_id', 'period', 'period_start') }}
    union all
    select
        name,
        selection,
        period,
        {{ local_date('starts_at') }} as period_start,
        count,
        avg,
        p99
    from {{ ref('int_metrics__selected') }}
    where
        {{ in_scope(
            "'metric' as entity_type", 'name as entity_id', 'period',
            local_date('starts_at') ~ ' as period_start'
        ) }}
),

people as (
    select *
    from {{ ref('int_people_signals__gathered') }}
    where {{ in_scope('entity_type', 'entity_id', 'period', 'period_start') }}
),

reached_dates as (  -- noqa: ST03
    select distinct
        scope.entity_id,
        scope.period_start + {{ days_of_period('scope.period') }} - 1 as date
    from scope
    where scope.entity_type = 'project'
),

-- Its figures are states, not sums: a week's are those of its Sunday.
projects as (
    select
        of_date.period,
        of_date.period_start,
        p.*
    from {{ ref('project_metrics') }} as p
    cross join lateral {{ days_and_weeks_of('p.date') }} as of_date (period, period_start)
    where
        (of_date.period = 'day' or extract(isodow from p.date) = 7)
        and {{ in_scope('p.project_id as entity_id', 'p.date', of='reached_dates') }}
),

all_signals as (
    select
        'environment' as entity_type,
        e.environment as entity_id,
        signal.name as signal,
        '{}'::jsonb as selection,
        e.period,
        e.period_start,
        signal.value::double precision as value,
        e.events as samples
    from environments as e
    cross join
        lateral (
            values
            ('events', e.events),
            ('active_users', e.active_users),
            ('sessions', e.sessions)
        ) as signal (name, value)
    union all
    select
        'user' as entity_type,
        u.user_id as entity_id,
        signal.name as signal,
        '{}'::jsonb as selection,
        u.period,
        u.period_start,
        signal.value::double precision as value,
        null as samples
    from users as u
    cross join
        lateral (
            values
            ('hours', u.hours),
            ('efficiency_ratio', u.efficiency_ratio)
        ) as signal (name, value)
    union all
    select
        'project' as entity_type,
        p.project_id as entity_id,
        signal.name as signal,
        '{}'::jsonb as selection,
        p.period,
        p.period_start,
        signal.value::double precision as value,
        null as samples
    from projects as p
    cross join
        lateral (
            values
            ('completion_percentage', p.completion_percentage),
            ('overdue_features', p.overdue_features),
            ('open_features', p.open_features),
            ('velocity', p.velocity)
        ) as signal (name, value)
    union all
    select
        'metric' as entity_type,
        m.name as entity_id,
        signal.name as signal,
        m.selection,
        m.period,
        m.period_start,
        signal.value,
        m.count as samples
    from metrics as m
    cross join
        lateral (
            values
            ('count', m.count::double precision),
            ('avg', m.avg),
            ('p99', m.p99)
        ) as signal (name, value)
    union all
    select
        entity_type,
        entity_id,
        signal,
        '{}'::jsonb as selection,
        period,
        period_start,
        value,
        null as samples
    from people
),

final as (
    select
        entity_type,
        entity_id,
        signal,
        selection,
        period,
        period_start,
        value,
        samples
    from all_signals
    where
        value is not null
        -- Nobody is told of what happened before history.
        and period_start >= {{ history_begins() }}
        and {{ in_scope('entity_type', 'entity_id', 'period', 'period_start') }}
)

select *
from final
