select
    employee_id,
    recorded_at,
    nullif(degree_centrality, 'NaN') as degree_centrality,
    nullif(betweenness_centrality, 'NaN') as betweenness_centrality,
    nullif(clustering_coeff, 'NaN') as clustering_coeff,
    nullif(burnout_score, 'NaN') as burnout_score
from {{ source('people', 'employee_metrics') }}
