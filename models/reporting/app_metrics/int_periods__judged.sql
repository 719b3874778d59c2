{{ config(unique_key=['rule_id', 'entity_type', 'entity_id', 'period_start']) }}

{% set affected %}
    with moved as (
        select
            c.period,
            min(c.last_start) as from_start,
            max(c.last_start) as to_start
        from {{ changed(ref('int_periods__ended')) }} as c
        group by c.period
    )

    select
        c.entity_type,
        c.entity_id,
        c.signal,
        c.period,
        c.period_start
    from {{ changed(ref('int_signals__gathered')) }} as c
    union all
    -- A changed value belongs to the range of the eight weeks after it.
    select
        s.entity_type,
        s.entity_id,
        s.signal,
        s.period,
        s.period_start
    from {{ changed(ref('int_signals__gathered')) }} as c
    inner join {{ ref('int_signals__gathered') }} as s
        on
            c.entity_type = s.entity_type
            and c.entity_id = s.entity_id
            and c.signal = s.signal
            and c.period = s.period
            and c.period_start < s.period_start
            and s.period_start <= c.period_start + 56
    union all
    -- A changed rule judges everything that there is.
    select
        s.entity_type,
        s.entity_id,
        s.signal,
        s.period,
        s.period_start
    from {{ changed(ref('int_alert_rules__checked')) }} as r
    inner join {{ ref('int_signals__gathered') }} as s
        on
            r.entity_type = s.entity_type
            and r.signal = s.signal
            and r.selection = s.selection
            and r.period = s.period
    union all
    -- A period that the clock has completed.
    select
        s.entity_type,
        s.entity_id,
        s.signal,
        s.period,
        s.period_start
    from moved as m
    inner join {{ ref('int_signals__gathered') }} as s
        on
            m.period = s.period
            and m.from_start < s.period_start
            and m.to_start >= s.period_start
    union all
    select
        c.entity_type,
        c.entity_id,
        c.signal,
        c.period,
        c.period_start
    from {{ changed(ref('int_silences__found')) }} as c
    union all
    select
        f.entity_type,
        f.entity_id,
        f.signal,
        f.period,
        f.period_start
    from {{ changed(ref('int_alert_rules__checked')) }} as r
    inner join {{ ref('int_silences__found') }} as f
        on
            r.entity_type = f.entity_type
            and r.signal = f.signal
            and r.selection = f.selection
            and r.period = f.period
{% endset %}

with

{{ scope(affected) }},

rules as (
    select *
    from {{ ref('int_alert_rules__checked') }}
),

ended as (
    select
        period,
        last_start,
        {{ days_of_period('period') }} as length
    from {{ ref('int_periods__ended') }}
),

all_signals as (
    select
        s.entity_type,
        s.entity_id,
        s.signal,
        s.selection,
        s.period,
        s.period_start,
        s.value,
        s.samples,
        false as is_silence,
        null as retired_at
    from {{ ref('int_signals__gathered') }} as s
    inner join ended as e on s.period = e.period and s.period_start <= e.last_start
    where {{ in_scope('s.entity_type', 's.entity_id', 's.signal', 's.period', 's.period_start') }}
    union all
    select
        entity_type,
        entity_id,
        signal,
        selection,
        period,
        period_start,
        0 as value,
        0 as samples,
        true as is_silence,
        retired_at
    from {{ ref('int_silences__found') }}
    where {{ in_scope('entity_type', 'entity_id', 'signal', 'period', 'period_start') }}
),

signals as (
    select
        s.*,
        e.length
    from all_signals as s
    inner join ended as e on s.period = e.period
),

-- Only a rule that asks for them reads the period before, or the eight weeks earlier.
compared as (
    select
        r.rule_id,
        r.alert_type,
        r.comparison,
        r.threshold,
        r.severity,
        r.lifetime_hours,
        r.for_periods,
        s.retired_at,
        {{ alert_message('r', 's') }} as alert_message,
        s.entity_type,
        s.entity_id,
        s.signal,
        s.period,
        s.period_start,
        {{ date_start('s.period_start + s.length') }} as period_end,
        s.value,
        case r.comparison
            when 'gt' then s.value > r.threshold
            when 'gte' then s.value >= r.threshold
            when 'lt' then s.value < r.threshold
            when 'lte' then s.value <= r.threshold
            when 'silent' then s.value <= 0
            when 'previous'
                then abs(s.value - earlier.value) * 100 > r.threshold * abs(earlier.value)
            when 'anomaly' then ranged.score > r.threshold
        end as is_met
    from signals as s
    inner join rules as r
        on
            s.entity_type = r.entity_type
            and s.signal = r.signal
            and s.selection = r.selection
            and s.period = r.period
    -- There is at most one. An aggregate has it looked up; joined, the planner compared each period
    -- with all of its series.
    left join lateral (
        select max(h.value) as value
        from {{ ref('int_signals__gathered') }} as h
        where
            r.comparison = 'previous'
            and h.entity_type = s.entity_type
            and h.entity_id = s.entity_id
            and h.signal = s.signal
            and h.selection = s.selection
            and h.period = s.period
            and h.period_start = s.period_start - s.length
    ) as earlier on true
    left join lateral (
        select
            case
                when r.comparison = 'anomaly' then ops.anomaly_score(
                    s.value, s.period_start, array_agg(h.period_start), array_agg(h.value)
                )
            end as score
        from {{ ref('int_signals__gathered') }} as h
        where
            r.comparison = 'anomaly'
            and h.entity_type = s.entity_type
            and h.entity_id = s.entity_id
            and h.signal = s.signal
            and h.selection = s.selection
            and h.period = s.period
            and h.period_start >= s.period_start - 56
            and h.period_start < s.period_start
    ) as ranged on true
    where
        (r.comparison = 'silent' or not s.is_silence)
        and (r.environment is null or s.entity_id = r.environment)
        and (r.entity_like is null or s.entity_id like r.entity_like)
        and (r.minimum_samples is null or s.is_silence or s.samples >= r.minimum_samples)
),

final as (
    select
        rule_id,
        alert_type,
        entity_type,
        entity_id,
        signal,
        period,
        period_start,
        period_end,
        value,
        is_met,
        threshold,
        severity,
        coalesce(period_end + lifetime_hours * interval '1 hour', retired_at) as expires_at,
        retired_at,
        for_periods,
        case when is_met then alert_message end as alert_message
    from compared
    where is_met is not null
)

select *
from final
