select
    user_id,
    dashboard_name,
    layout_config,
    widget_settings,
    is_default,
    is_shared,
    updated_at
from {{ source('delivery', 'dashboard_configurations') }}
where {{ can_be_key('raw.dashboard_configurations', 'user_id', 'dashboard_name') }}
