{{ config(unique_key=['environment', 'distinct_id', 'started_at', 'session_id']) }}

{% set affected %}
    select
        v.environment,
        v.distinct_id,
        v.date
    from {{ changed(ref('int_visits__cut')) }} as v
    union all
    select
        v.environment,
        v.distinct_id,
        v.date
    from {{ changed(ref('int_identities__resolved')) }} as i
    inner join {{ ref('int_visits__cut') }} as v on i.distinct_id = v.distinct_id
{% endset %}

with

{{ scope(affected) }},

visits as (
    select *
    from {{ ref('int_visits__cut') }}
    where {{ in_scope('environment', 'distinct_id', 'date') }}
),

identities as (
    select *
    from {{ ref('int_identities__resolved') }}
    where {{ in_scope('distinct_id') }}
),

exclusions as (
    select *
    from {{ ref('int_exclusions__parsed') }}
    where property = 'user_id'
),

visits_of_users as (
    select
        v.*,
        coalesce(i.user_id, v.distinct_id) as user_id
    from visits as v
    left join identities as i on v.distinct_id = i.distinct_id
),

final as (
    select
        environment,
        distinct_id,
        started_at,
        session_id,
        date,
        user_id,
        session_id is null as is_derived,
        case
            when session_id is null
                then jsonb_build_array(
                    environment,
                    user_id,
                    {{ iso_time('started_at') }}
                )::text
            else jsonb_build_array(environment, session_id)::text
        end as session_key,
        ended_at,
        first_event_id,
        last_event_id,
        event_count,
        events_breakdown,
        landing_page,
        exit_page,
        landed_at,
        landing_event_id,
        left_at,
        exit_event_id,
        referrer,
        device_type,
        browser,
        os,
        country,
        city
    from visits_of_users as v
    where
        not exists (
            select
            from exclusions as x
            where {{ satisfies('to_jsonb(v.user_id)', 'x') }}
        )
)

select *
from final
