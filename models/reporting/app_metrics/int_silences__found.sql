{{
    config(
        unique_key=['entity_type', 'entity_id', 'signal', 'selection', 'period', 'period_start'],
        meta={'refresh': {'fills': {'selection': "'{}'"}}},
    )
}}

{% set affected %}
    with moved as (
        select
            c.period,
            min(c.last_start) as from_start,
            max(c.last_start) as to_start
        from {{ changed(ref('int_periods__ended')) }} as c
        group by c.period
    ),

    -- Where a silent period may lie: after a value that changed, of a rule that did, or up to now.
    spans as (
        select
            c.entity_type,
            c.entity_id,
            c.signal,
            c.selection,
            c.period,
            c.period_start as from_start,
            c.period_start + {{ var('retired_after_days') }} as to_start
        from {{ changed(ref('int_signals__gathered')) }} as c
        inner join {{ ref('int_alert_rules__checked') }} as r
            on
                c.entity_type = r.entity_type
                and c.signal = r.signal
                and c.selection = r.selection
                and c.period = r.period
        where r.comparison = 'silent'
        union all
        select
            s.entity_type,
            s.entity_id,
            s.signal,
            s.selection,
            s.period,
            s.period_start as from_start,
            s.period_start + {{ var('retired_after_days') }} as to_start
        from {{ changed(ref('int_alert_rules__checked')) }} as r
        inner join {{ ref('int_signals__gathered') }} as s
            on
                r.entity_type = s.entity_type
                and r.signal = s.signal
                and r.selection = s.selection
                and r.period = s.period
        where r.comparison = 'silent'
        union all
        select
            s.entity_type,
            s.entity_id,
            s.signal,
            s.selection,
            s.period,
            m.from_start,
            m.to_start
        from moved as m
        inner join {{ ref('int_alert_rules__checked') }} as r on m.period = r.period
        inner join {{ ref('int_signals__gathered') }} as s
            on
                r.entity_type = s.entity_type
                and r.signal = s.signal
                and r.selection = s.selection
                and r.period = s.period
                and s.period_start > m.from_start - {{ var('retired_after_days') }}
                and m.to_start >= s.period_start
        where r.comparison = 'silent'
    )

    select
        p.entity_type,
        p.entity_id,
        p.signal,
        p.selection,
        p.period,
        each.period_start::date as period_start
    from spans as p
    cross join lateral generate_series(
        p.from_start::timestamp,
        p.to_start::timestamp,
        {{ days_of_period('p.period') }} * interval '1 day'
    ) as each (period_start)
{% endset %}

with

{{ scope(affected) }},

watched_signals as (
    select distinct
        entity_type,
        signal,
        selection,
        period
    from {{ ref('int_alert_rules__checked') }}
    where comparison = 'silent'
),

values_in_turn as (
    select
        s.entity_type,
        s.entity_id,
        s.signal,
        s.selection,
        s.period,
        s.period_start as seen_start,
        lead(s.period_start) over (
            partition by s.entity_type, s.entity_id, s.signal, s.selection, s.period
            order by s.period_start
        ) as next_start
    from {{ ref('int_signals__gathered') }} as s
    inner join watched_signals as w
        on
            s.entity_type = w.entity_type
            and s.signal = w.signal
            and s.selection = w.selection
            and s.period = w.period
    where {{ in_scope('s.entity_type', 's.entity_id', 's.signal', 's.selection', 's.period') }}
),

ended as (
    select
        period,
        last_start,
        {{ days_of_period('period') }} as length
    from {{ ref('int_periods__ended') }}
),

-- The complete periods after a value, up to the next one, or until the series is retired.
silent_periods as (
    select
        v.entity_type,
        v.entity_id,
        v.signal,
        v.selection,
        v.period,
        v.seen_start + e.length * later.nth as period_start,
        {{ date_start('v.seen_start + e.length + ' ~ var('retired_after_days')) }} as retired_at
    from values_in_turn as v
    inner join ended as e on v.period = e.period
    cross join
        lateral generate_series(
            1,
            (
                least(
                    coalesce(v.next_start - 1, e.last_start),
                    v.seen_start + {{ var('retired_after_days') }},
                    e.last_start
                ) - v.seen_start
            ) / e.length
        ) as later (nth)
    where isfinite(v.seen_start)
),

final as (
    select
        entity_type,
        entity_id,
        signal,
        selection,
        period,
        period_start,
        retired_at
    from silent_periods
    where
        {{ in_scope('entity_type', 'entity_id', 'signal', 'selection', 'period', 'period_start') }}
)

select *
from final
