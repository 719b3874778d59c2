select
    session_id,
    instance_id,
    user_id,
    step_index,
    started_at,
    ended_at,
    case
        when total_seconds is not null then total_seconds
        when ended_at is not null then greatest(
            0, extract(epoch from ended_at - started_at) - coalesce(total_paused_seconds, 0)
        )
    end as active_seconds,
    total_paused_seconds as paused_seconds,
    is_active,
    updated_at
from {{ source('time_tracking', 'time_sessions') }}
