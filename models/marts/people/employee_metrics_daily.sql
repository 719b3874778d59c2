{{
    config(
        unique_key=['employee_id', 'date'],
        meta={'refresh': {'frozen_by': {'column': 'date', 'unit': 'day'}}},
    )
}}

{% set affected %}
    select
        h.employee_id,
        {{ local_date('h.bucket_start') }} as date
    from {{ changed(ref('employee_metrics_hourly')) }} as h
{% endset %}

with

{{ scope(affected) }},

-- Clocks that go back around midnight make a date longer than from its start to the next one's.
long_days as (
    select
        employee_id,
        range_agg(
            tstzrange(
                {{ date_start('date') }} - interval '3 hours',
                {{ date_start('date + 1') }} + interval '3 hours'
            )
        ) as spans
    from scope
    group by employee_id
),

-- A narrowed build reads these only, by reached().
touched_spans as (  -- noqa: ST03
    select
        long_day.employee_id,
        lower(span) as from_at,
        upper(span) as to_at
    from long_days as long_day
    cross join unnest(long_day.spans) as span
),

hours as (
    select
        {{ local_date('bucket_start') }} as date,
        *
    from {{ reached(
        ref('employee_metrics_hourly'), 'employee_id', 'bucket_start', 'touched_spans', each=true
    ) }}
),

-- Summed in the order of time: the same hours give the same sum to the last bit. Days that are only
-- read in part are left out after it, by the scope.
totals as (
    select
        employee_id,
        date,
        sum(sample_count)::bigint as sample_count,
        sum(degree_centrality_count)::bigint as degree_centrality_count,
        sum(degree_centrality_sum order by bucket_start) as degree_centrality_sum,
        min(degree_centrality_min) as degree_centrality_min,
        max(degree_centrality_max) as degree_centrality_max,
        sum(betweenness_centrality_count)::bigint as betweenness_centrality_count,
        sum(betweenness_centrality_sum order by bucket_start) as betweenness_centrality_sum,
        min(betweenness_centrality_min) as betweenness_centrality_min,
        max(betweenness_centrality_max) as betweenness_centrality_max,
        sum(clustering_coeff_count)::bigint as clustering_coeff_count,
        sum(clustering_coeff_sum order by bucket_start) as clustering_coeff_sum,
        min(clustering_coeff_min) as clustering_coeff_min,
        max(clustering_coeff_max) as clustering_coeff_max,
        sum(burnout_score_count)::bigint as burnout_score_count,
        sum(burnout_score_sum order by bucket_start) as burnout_score_sum,
        min(burnout_score_min) as burnout_score_min,
        max(burnout_score_max) as burnout_score_max
    from hours
    group by employee_id, date
),

final as (
    select
        employee_id,
        date,
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
    where {{ in_scope('employee_id', 'date') }}
)

select *
from final
