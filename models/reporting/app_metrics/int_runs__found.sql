{{ config(unique_key=['rule_id', 'entity_type', 'entity_id', 'run_start']) }}

{% set affected %}
    select
        j.rule_id,
        j.entity_type,
        j.entity_id
    from {{ changed(ref('int_periods__judged')) }} as j
{% endset %}

with

{{ scope(affected) }},

periods_in_turn as (
    select
        rule_id,
        entity_type,
        entity_id,
        period_start,
        period_end,
        is_met,
        lag(is_met) over turn as was_met,
        lag(period_end) over turn as previous_end,
        lag(expires_at) over turn as previous_expires_at,
        lead(is_met) over turn as stays_met,
        lead(period_end) over turn as next_end
    from {{ ref('int_periods__judged') }}
    where {{ in_scope('rule_id', 'entity_type', 'entity_id') }}
    window turn as (partition by rule_id, entity_type, entity_id order by period_start)
),

-- A run begins after a period that does not meet the rule, or after a time in which nothing could
-- be judged until the alert was over its lifetime.
met_periods as (
    select
        *,
        coalesce(
            not was_met
            or (
                previous_end < {{ date_start('period_start') }}
                and previous_expires_at < period_end
            ),
            true
        ) as begins
    from periods_in_turn
    where is_met
),

numbered_periods as (
    select
        *,
        count(*) filter (where begins) over (
            partition by rule_id, entity_type, entity_id
            order by period_start
        ) as run_number
    from met_periods
),

final as (
    select
        rule_id,
        entity_type,
        entity_id,
        min(period_start) as run_start,
        max(period_start) as run_end,
        max(next_end) filter (where not stays_met) as ended_at
    from numbered_periods
    group by rule_id, entity_type, entity_id, run_number
)

select *
from final
