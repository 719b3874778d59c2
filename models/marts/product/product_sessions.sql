{{ config(unique_key=['session_key']) }}

{% set affected %}
    -- Every visit of the sessions that a changed visit belongs to, joins or cuts. Sessions with an
    -- id have their key from it. The others have that of their first visit, which may be any of the
    -- visits from the last cut before the changed one to the next cut after it. The fence `offset 0`
    -- has it looked up visit by visit whether one is a cut: joined, all visits of a user were read.
    select v.session_key
    from {{ changed(ref('int_visits__attributed')) }} as v
    union all
    select jsonb_build_array(s.environment, s.session_id)::text as session_key
    from {{ changed(ref('stg_product__sessions')) }} as s
    union all
    select near.session_key
    from {{ changed(ref('int_visits__attributed')) }} as v
    left join lateral (
        select f.started_at
        from {{ ref('int_visits__attributed') }} as f
        where
            f.environment = v.environment
            and f.user_id = v.user_id
            and f.is_derived
            and f.started_at <= v.started_at
            and not exists (
                select
                from {{ ref('int_visits__attributed') }} as g
                where
                    g.environment = f.environment
                    and g.user_id = f.user_id
                    and g.is_derived
                    and g.started_at < f.started_at
                    and g.started_at
                    >= ops.earlier(f.started_at, interval '2 days' + {{ session_timeout() }})
                    and g.ended_at >= ops.earlier(f.started_at, {{ session_timeout() }})
                offset 0
            )
        order by f.started_at desc
        limit 1
    ) as cut_before on true
    left join lateral (
        select f.started_at
        from {{ ref('int_visits__attributed') }} as f
        where
            f.environment = v.environment
            and f.user_id = v.user_id
            and f.is_derived
            and f.started_at > ops.later(v.ended_at, {{ session_timeout() }})
            and not exists (
                select
                from {{ ref('int_visits__attributed') }} as g
                where
                    g.environment = f.environment
                    and g.user_id = f.user_id
                    and g.is_derived
                    and g.started_at < f.started_at
                    and g.started_at
                    >= ops.earlier(f.started_at, interval '2 days' + {{ session_timeout() }})
                    and g.ended_at >= ops.earlier(f.started_at, {{ session_timeout() }})
                offset 0
            )
        order by f.started_at asc
        limit 1
    ) as cut_after on true
    inner join {{ ref('int_visits__attributed') }} as near
        on
            v.environment = near.environment
            and v.user_id = near.user_id
            and near.is_derived
            and near.started_at >= coalesce(cut_before.started_at, v.started_at)
            and near.started_at < coalesce(cut_after.started_at, 'infinity')
    where v.is_derived
{% endset %}

with

{{ scope(affected) }},

visits as (
    select *
    from {{ ref('int_visits__attributed') }}
    where {{ in_scope('session_key') }}
),

named_sessions as (
    select *
    from {{ ref('stg_product__sessions') }}
    where {{ in_scope('environment', 'session_id', of='visits') }}
),

visits_after_pauses as (
    select
        *,
        coalesce(
            is_derived
            and started_at > max(ops.later(ended_at, {{ session_timeout() }})) over (
                partition by environment, user_id, is_derived
                order by started_at, first_event_id
                rows between unbounded preceding and 1 preceding
            ),
            true
        ) as is_cut
    from visits
),

visits_of_sessions as (
    select
        *,
        case
            when is_derived then count(*) filter (where is_cut) over (
                partition by environment, user_id, is_derived
                order by started_at, first_event_id
            )
        end as session_number,
        case when is_derived then user_id end as derived_user_id
    from visits_after_pauses
),

edges as (
    select
        *,
        row_number() over (
            partition by environment, session_id, derived_user_id, session_number
            order by started_at, first_event_id
        ) = 1 as is_first
    from visits_of_sessions
),

sessions as (
    select
        environment,
        session_id,
        max(session_key) filter (where is_first) as session_key,
        max(user_id) filter (where is_first) as user_id,
        min(started_at) as started_at,
        max(ended_at) as ended_at,
        sum(event_count)::bigint as event_count,
        (
            array_agg(landing_page order by landed_at, landing_event_id)
            filter (where landing_page is not null)
        )[1] as landing_page,
        (
            array_agg(exit_page order by left_at desc, exit_event_id desc)
            filter (where exit_page is not null)
        )[1] as exit_page,
        max(device_type) filter (where is_first) as device_type,
        max(browser) filter (where is_first) as browser,
        max(os) filter (where is_first) as os,
        max(country) filter (where is_first) as country,
        max(city) filter (where is_first) as city,
        max(referrer) filter (where is_first) as referrer
    from edges
    group by environment, session_id, derived_user_id, session_number
),

final as (
    select
        s.session_key,
        s.session_id,
        s.user_id,
        s.environment,
        s.started_at,
        {{ local_date('s.started_at') }} as started_date,
        s.ended_at,
        {{ seconds_between('s.started_at', 's.ended_at') }} as duration_seconds,
        {{ seconds_between('s.started_at', 's.ended_at') }} * 1000 as duration_ms,
        s.event_count,
        coalesce(named.landing_page, s.landing_page) as landing_page,
        coalesce(named.exit_page, s.exit_page) as exit_page,
        s.event_count = 1 as is_bounce,
        coalesce(named.device_type, s.device_type) as device_type,
        coalesce(named.browser, s.browser) as browser,
        coalesce(named.os, s.os) as os,
        coalesce(named.country, s.country) as country,
        coalesce(named.city, s.city) as city,
        coalesce(named.referrer, s.referrer) as referrer
    from sessions as s
    left join named_sessions as named
        on s.environment = named.environment and s.session_id = named.session_id
)

select *
from final
