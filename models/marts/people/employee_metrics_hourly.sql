{{
    config(
        unique_key=['employee_id', 'bucket_start'],
        meta={'refresh': {'frozen_by': {'column': 'bucket_start', 'unit': 'hour'}}},
    )
}}

{% set affected %}
    select
        m.employee_id,
        {{ bucket_start('hour', 'm.recorded_at') }} as bucket_start
    from {{ changed(ref('stg_people__employee_metrics')) }} as m
    where isfinite(m.recorded_at)
{% endset %}

with

{{ scope(affected) }},

touched_hours as (
    select
        employee_id,
        range_agg(
            tstzrange(bucket_start, {{ later('bucket_start', "interval '1 hour'") }})
        ) as spans
    from scope
    group by employee_id
),

-- A narrowed build reads these only, by reached().
touched_spans as (  -- noqa: ST03
    select
        touched.employee_id,
        lower(span) as from_at,
        upper(span) as to_at
    from touched_hours as touched
    cross join unnest(touched.spans) as span
),

samples as (
    select
        employee_id,
        {{ bucket_start('hour', 'recorded_at') }} as bucket_start,
        recorded_at,
        degree_centrality,
        betweenness_centrality,
        clustering_coeff,
        burnout_score
    from {{ reached(
        ref('stg_people__employee_metrics'), 'employee_id', 'recorded_at', 'touched_spans', each=true
    ) }}
),

-- Summed in the order of time: the same samples give the same sum to the last bit. The scope comes
-- after it: before, the planner compared each span's few samples with the whole scope.
totals as (
    select
        employee_id,
        bucket_start,
        count(*) as sample_count,
        count(degree_centrality) as degree_centrality_count,
        sum(degree_centrality order by recorded_at) as degree_centrality_sum,
        min(degree_centrality) as degree_centrality_min,
        max(degree_centrality) as degree_centrality_max,
        count(betweenness_centrality) as betweenness_centrality_count,
        sum(betweenness_centrality order by recorded_at) as betweenness_centrality_sum,
        min(betweenness_centrality) as betweenness_centrality_min,
        max(betweenness_centrality) as betweenness_centrality_max,
        count(clustering_coeff) as clustering_coeff_count,
        sum(clustering_coeff order by recorded_at) as clustering_coeff_sum,
        min(clustering_coeff) as clustering_coeff_min,
        max(clustering_coeff) as clustering_coeff_max,
        count(burnout_score) as burnout_score_count,
        sum(burnout_score order by recorded_at) as burnout_score_sum,
        min(burnout_score) as burnout_score_min,
        max(burnout_score) as burnout_score_max
    from samples
    group by employee_id, bucket_start
),

final as (
    select
        employee_id,
        bucket_start,
        sample_count,
        degree_centrality_sum / nullif(degree_centrality_count, 0) as degree_centrality_avg,
        degree_centrality_min,
        degree_centrality_max,
        degree_centrality_sum,
        degree_centrality_count,
        betweenness_centrality_sum
        / nullif(betweenness_centrality_count, 0) as betweenness_centrality_avg,
        betweenness_centrality_min,
        betweenness_centrality_max,
        betweenness_centrality_sum,
        betweenness_centrality_count,
        clustering_coeff_sum / nullif(clustering_coeff_count, 0) as clustering_coeff_avg,
        clustering_coeff_min,
        clustering_coeff_max,
        clustering_coeff_sum,
        clustering_coeff_count,
        burnout_score_sum / nullif(burnout_score_count, 0) as burnout_score_avg,
        burnout_score_min,
        burnout_score_max,
        burnout_score_sum,
        burnout_score_count
    from totals
    where {{ in_scope('employee_id', 'bucket_start') }}
)

select *
from final
