select
    employee_id,
    recorded_at,
    {{ known_number('degree_centrality') }} as degree_centrality,
    {{ known_number('betweenness_centrality') }} as betweenness_centrality,
    {{ known_number('clustering_coeff') }} as clustering_coeff,
    {{ known_number('burnout_score') }} as burnout_score
from {{ source('people', 'employee_metrics') }}
where
    {{ has_time('recorded_at') }}
    and {{ can_be_key('raw.employee_metrics', 'employee_id') }}
