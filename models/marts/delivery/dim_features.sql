{{ config(unique_key=['feature_request_id']) }}

{% set affected %}
    select f.feature_request_id
    from {{ changed(ref('stg_delivery__features')) }} as f
    union all
    select c.feature_request_id
    from {{ changed(ref('stg_delivery__changes')) }} as c
    union all
    select c.feature_request_id
    from {{ changed(ref('stg_delivery__comments')) }} as c
{% endset %}

with

{{ scope(affected) }},

features as (
    select *
    from {{ ref('stg_delivery__features') }}
    where {{ in_scope('feature_request_id') }}
),

touched as (
    select distinct feature_request_id
    from scope
),

-- Ids that have no row of their own, and that changes or comments name.
unknown_features as (
    select touched.feature_request_id
    from touched
    where
        not exists (
            select 1
            from {{ ref('stg_delivery__features') }} as f
            where f.feature_request_id = touched.feature_request_id
        )
        and (
            exists (
                select 1
                from {{ ref('stg_delivery__changes') }} as c
                where c.feature_request_id = touched.feature_request_id
            )
            or exists (
                select 1
                from {{ ref('stg_delivery__comments') }} as c
                where c.feature_request_id = touched.feature_request_id
            )
        )
),

final as (
    select
        feature_request_id,
        title as feature_title,
        project_id,
        status
    from features
    union all
    select
        feature_request_id,
        null as feature_title,
        null as project_id,
        null as status
    from unknown_features
)

select *
from final
