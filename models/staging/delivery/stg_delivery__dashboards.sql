select
    user_id,
    dashboard_name,
    layout_config,
    widget_settings,
    is_default,
    is_shared,
    updated_at
from {{ source('delivery', 'dashboard_configurations') }}
