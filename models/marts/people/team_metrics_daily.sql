{{ config(unique_key=['team_name', 'date']) }}

{% set affected %}
    -- Who changes team takes all of their days along: those that are there, and those that went
    -- in the same build.
    with changed_days as (
        select
            d.employee_id,
            d.date
        from {{ changed(ref('employee_metrics_daily')) }} as d
    ),

    changed_members as (
        select
            e.employee_id,
            e.team_name
        from {{ changed(ref('stg_people__employees')) }} as e
    )

    select
        e.team_name,
        d.date
    from changed_days as d
    inner join {{ ref('stg_people__employees') }} as e on d.employee_id = e.employee_id
    union all
    select
        e.team_name,
        d.date
    from changed_days as d
    inner join changed_members as e on d.employee_id = e.employee_id
    union all
    select
        e.team_name,
        d.date
    from changed_members as e
    inner join {{ ref('employee_metrics_daily') }} as d on e.employee_id = d.employee_id
{% endset %}

with

{{ scope(affected) }},

members as (
    select
        employee_id,
        team_name
    from {{ ref('stg_people__employees') }}
    where
        -- Null is no team, and neither is an empty name.
        team_name <> ''
        and {{ in_scope('team_name') }}
),

days as (
    select
        employee_id,
        date,
        degree_centrality_avg,
        betweenness_centrality_avg,
        clustering_coeff_avg,
        burnout_score_avg
    from {{ ref('employee_metrics_daily') }}
    where {{ in_scope('date') }}
),

member_days as (
    select
        m.team_name,
        d.*
    from members as m
    inner join days as d on m.employee_id = d.employee_id
    where {{ in_scope('m.team_name', 'd.date') }}
),

totals as (
    select
        team_name,
        date,
        count(*) as employees,
        count(degree_centrality_avg) as degree_centrality_employees,
        sum(degree_centrality_avg order by employee_id) as degree_centrality_sum,
        count(betweenness_centrality_avg) as betweenness_centrality_employees,
        sum(betweenness_centrality_avg order by employee_id) as betweenness_centrality_sum,
        count(clustering_coeff_avg) as clustering_coeff_employees,
        sum(clustering_coeff_avg order by employee_id) as clustering_coeff_sum,
        count(burnout_score_avg) as burnout_score_employees,
        sum(burnout_score_avg order by employee_id) as burnout_score_sum
    from member_days
    group by team_name, date
),

-- The one rule that hides small teams: an average stands for at least min_team_size people. It
-- asks how many have the metric, not how many are there: of six people of whom one has a score,
-- the average would be that one's score. No row sums up teams, from which a hidden one could be
-- found by subtraction.
final as (
    select
        team_name,
        date,
        employees,
        case
            when degree_centrality_employees >= {{ var('min_team_size') }}
                then degree_centrality_sum / degree_centrality_employees
        end as degree_centrality_avg,
        case
            when betweenness_centrality_employees >= {{ var('min_team_size') }}
                then betweenness_centrality_sum / betweenness_centrality_employees
        end as betweenness_centrality_avg,
        case
            when clustering_coeff_employees >= {{ var('min_team_size') }}
                then clustering_coeff_sum / clustering_coeff_employees
        end as clustering_coeff_avg,
        case
            when burnout_score_employees >= {{ var('min_team_size') }}
                then burnout_score_sum / burnout_score_employees
        end as burnout_score_avg
    from totals
)

select *
from final
