select
    session_id,
    instance_id,
    nullif(user_id, '') as user_id,
    step_index,
    {{ known_time('started_at') }} as started_at,
    {{ known_time('ended_at') }} as ended_at,
    case
        when total_seconds is not null then {{ known_number('total_seconds') }}
        when
            {{ has_time('started_at') }}
            and {{ has_time('ended_at') }}
            and {{ known_number('coalesce(total_paused_seconds, 0)') }} is not null
            then greatest(
                0,
                {{ seconds_between('started_at', 'ended_at') }} - coalesce(total_paused_seconds, 0)
            )
    end as active_seconds,
    {{ known_number('total_paused_seconds') }} as paused_seconds,
    is_active,
    updated_at
from {{ source('time_tracking', 'time_sessions') }}
where {{ can_be_key('raw.time_sessions', 'session_id', 'instance_id', 'user_id') }}
