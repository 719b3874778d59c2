{{ config(unique_key=['project_id']) }}

{% set affected %}
    select p.project_id
    from {{ changed(ref('project_summary')) }} as p
    union all
    -- A new week is a row more of each project that has completed something.
    select w.project_id
    from {{ changed(ref('weekly_velocity')) }} as w
{% endset %}

with

{{ scope(affected) }},

projects as (
    select
        project_id,
        open_features as remaining_features,
        {{ week_start('project_start_date') }} as start_week
    from {{ ref('project_summary') }}
    where {{ in_scope('project_id') }}
),

complete_weeks as (
    select
        project_id,
        week_start,
        features_completed,
        {{ week_start(local_date(as_of())) }} as current_week
    from {{ ref('weekly_velocity') }}
    where
        week_start < {{ week_start(local_date(as_of())) }}
        and {{ in_scope('project_id') }}
),

completions as (
    select
        project_id,
        (current_week - min(week_start)) / 7 as weeks_since_first,
        array_agg(features_completed order by week_start desc) as latest_weeks
    from complete_weeks
    group by project_id, current_week
),

-- The project's latest complete weeks, those without a completion included, also before its first.
throughputs as (
    select
        project.project_id,
        project.remaining_features,
        done.latest_weeks
        || array_fill(
            0::bigint,
            array[
                greatest(
                    0,
                    (
                        {{ week_start(local_date(as_of())) }}
                        - project.start_week
                    ) / 7 - done.weeks_since_first
                )
            ]
        ) as latest_weeks
    from projects as project
    left join completions as done on project.project_id = done.project_id
),

simulated as (
    select
        project_id,
        remaining_features,
        latest_weeks[1:{{ var('forecast_history_weeks') }}] as weekly_throughput,
        ops.weeks_until_done(
            project_id,
            remaining_features,
            latest_weeks[1:{{ var('forecast_history_weeks') }}],
            {{ var('forecast_trials') }},
            array[0.5, 0.85, 0.95]
        ) as weeks
    from throughputs
),

final as (
    select
        project_id,
        remaining_features,
        weeks[1] as weeks_p50,
        weeks[2] as weeks_p85,
        weeks[3] as weeks_p95,
        cardinality(weekly_throughput)::bigint as history_weeks_count
    from simulated
)

select *
from final
