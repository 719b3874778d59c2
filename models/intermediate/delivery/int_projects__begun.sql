{{ config(unique_key=['project_id']) }}

{% set affected %}
    select s.project_id
    from {{ changed(ref('int_features__dated')) }} as s
{% endset %}

with

{{ scope(affected) }},

entries as (
    select
        project_id,
        feature_request_id,
        min(from_date) as entry_date
    from {{ ref('int_features__dated') }}
    where {{ in_scope('project_id') }}
    group by project_id, feature_request_id
),

final as (
    select
        project_id,
        min(entry_date) as first_date
    from entries
    where entry_date >= {{ history_begins() }}
    group by project_id
)

select *
from final
