{{ config(unique_key=['user_id', 'dashboard_name']) }}

{% set affected %}
    select
        d.user_id,
        d.dashboard_name
    from {{ changed(ref('stg_delivery__dashboards')) }} as d
{% endset %}

with

{{ scope(affected) }},

final as (
    select
        user_id,
        dashboard_name,
        layout_config,
        widget_settings,
        is_default,
        is_shared,
        updated_at
    from {{ ref('stg_delivery__dashboards') }}
    where {{ in_scope('user_id', 'dashboard_name') }}
)

select *
from final
