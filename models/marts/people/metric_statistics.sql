{{ config(unique_key=['metric_name', 'window_days'], meta={'refresh': {'lookback_days': 366}}) }}

{% set affected %}
    select w.window_days
    from {{ changed(ref('int_windows__dated')) }} as w
    union all
    select w.window_days
    from {{ changed(ref('employee_metrics_hourly')) }} as h
    inner join {{ ref('int_windows__dated') }} as w
        on {{ local_date('h.bucket_start') }} between w.first_date and w.last_date
{% endset %}

with

{{ scope(affected) }},

windows as (
    select *
    from {{ ref('int_windows__dated') }}
    where {{ in_scope('window_days') }}
),

-- Exact percentiles need all hours of a window, which makes this the dearest model of its area:
-- 2.9 s for 500 people and 90 days (1.1 million hours). Hence window by window: only those in
-- which something changed, and a percentile sorts eight bytes an hour.
statistics_of_windows as (
    select
        w.window_days,
        statistic.*
    from windows as w
    cross join
        lateral (
            select
                sum(h.degree_centrality_count)::bigint as degree_centrality_count,
                min(h.degree_centrality_min) as degree_centrality_min,
                max(h.degree_centrality_max) as degree_centrality_max,
                avg(h.degree_centrality_avg) as degree_centrality_avg,
                stddev_samp(h.degree_centrality_avg) as degree_centrality_std_dev,
                percentile_cont(array[0.5, 0.9, 0.99]) within group (
                    order by h.degree_centrality_avg
                ) as degree_centrality_percentiles,
                sum(h.betweenness_centrality_count)::bigint as betweenness_centrality_count,
                min(h.betweenness_centrality_min) as betweenness_centrality_min,
                max(h.betweenness_centrality_max) as betweenness_centrality_max,
                avg(h.betweenness_centrality_avg) as betweenness_centrality_avg,
                stddev_samp(h.betweenness_centrality_avg) as betweenness_centrality_std_dev,
                percentile_cont(array[0.5, 0.9, 0.99]) within group (
                    order by h.betweenness_centrality_avg
                ) as betweenness_centrality_percentiles,
                sum(h.clustering_coeff_count)::bigint as clustering_coeff_count,
                min(h.clustering_coeff_min) as clustering_coeff_min,
                max(h.clustering_coeff_max) as clustering_coeff_max,
                avg(h.clustering_coeff_avg) as clustering_coeff_avg,
                stddev_samp(h.clustering_coeff_avg) as clustering_coeff_std_dev,
                percentile_cont(array[0.5, 0.9, 0.99]) within group (
                    order by h.clustering_coeff_avg
                ) as clustering_coeff_percentiles,
                sum(h.burnout_score_count)::bigint as burnout_score_count,
                min(h.burnout_score_min) as burnout_score_min,
                max(h.burnout_score_max) as burnout_score_max,
                avg(h.burnout_score_avg) as burnout_score_avg,
                stddev_samp(h.burnout_score_avg) as burnout_score_std_dev,
                percentile_cont(array[0.5, 0.9, 0.99]) within group (
                    order by h.burnout_score_avg
                ) as burnout_score_percentiles
            from {{ ref('employee_metrics_hourly') }} as h
            where
                h.bucket_start >= {{ date_start('w.first_date') }} - interval '3 hours'
                and {{ local_date('h.bucket_start') }} between w.first_date and w.last_date
        ) as statistic
),

final as (
    select
        metric.metric_name,
        w.window_days,
        coalesce(metric.count, 0) as count,
        metric.min,
        metric.max,
        metric.avg,
        metric.std_dev,
        metric.percentiles[1] as p50,
        metric.percentiles[2] as p90,
        metric.percentiles[3] as p99
    from statistics_of_windows as w
    cross join
        lateral (
            values
            (
                'degree_centrality',
                w.degree_centrality_count,
                w.degree_centrality_min,
                w.degree_centrality_max,
                w.degree_centrality_avg,
                w.degree_centrality_std_dev,
                w.degree_centrality_percentiles
            ),
            (
                'betweenness_centrality',
                w.betweenness_centrality_count,
                w.betweenness_centrality_min,
                w.betweenness_centrality_max,
                w.betweenness_centrality_avg,
                w.betweenness_centrality_std_dev,
                w.betweenness_centrality_percentiles
            ),
            (
                'clustering_coeff',
                w.clustering_coeff_count,
                w.clustering_coeff_min,
                w.clustering_coeff_max,
                w.clustering_coeff_avg,
                w.clustering_coeff_std_dev,
                w.clustering_coeff_percentiles
            ),
            (
                'burnout_score',
                w.burnout_score_count,
                w.burnout_score_min,
                w.burnout_score_max,
                w.burnout_score_avg,
                w.burnout_score_std_dev,
                w.burnout_score_percentiles
            )
        ) as metric (metric_name, count, min, max, avg, std_dev, percentiles)
)

select *
from final
