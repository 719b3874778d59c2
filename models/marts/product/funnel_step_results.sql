{{
    config(
        alias='funnel_steps',
        unique_key=['funnel_name', 'is_total', 'breakdown_value', 'step_index'],
    )
}}

{% set affected %}
    select c.funnel_name
    from {{ changed(ref('funnel_conversions')) }} as c
    union all
    select f.funnel_name
    from {{ changed(ref('int_funnels__defined')) }} as f
{% endset %}

with

{{ scope(affected) }},

funnels as (
    select *
    from {{ ref('int_funnels__defined') }}
    where {{ in_scope('funnel_name') }}
),

conversions as (
    select *
    from {{ ref('funnel_conversions') }}
    where {{ in_scope('funnel_name') }}
),

steps_of_users as (
    select
        c.funnel_name,
        f.breakdown_property is not null as is_broken_down,
        c.breakdown_value,
        s.step_index,
        -- Place -1 of a JSON array is its last.
        case
            when s.step_index > 1
                then {{ seconds_between(
                    '(c.step_timestamps ->> (s.step_index - 2)::integer)::timestamptz',
                    's.done_at::timestamptz'
                ) }}
        end as seconds_since_previous
    from conversions as c
    inner join funnels as f on c.funnel_name = f.funnel_name
    cross join
        lateral jsonb_array_elements_text(c.step_timestamps) with ordinality
            as s (done_at, step_index)
),

steps_reached as (
    select
        funnel_name,
        true as is_total,
        null as breakdown_value,
        step_index,
        count(*) as users,
        sum(seconds_since_previous) as total_seconds,
        array_agg(seconds_since_previous order by seconds_since_previous) as all_seconds
    from steps_of_users
    group by funnel_name, step_index
    union all
    select
        funnel_name,
        false as is_total,
        breakdown_value,
        step_index,
        count(*) as users,
        sum(seconds_since_previous) as total_seconds,
        array_agg(seconds_since_previous order by seconds_since_previous) as all_seconds
    from steps_of_users
    where is_broken_down
    group by funnel_name, breakdown_value, step_index
),

-- Every defined step has a row, also where nobody came.
groups as (
    select
        funnel_name,
        true as is_total,
        null as breakdown_value
    from funnels
    union all
    select
        funnel_name,
        is_total,
        breakdown_value
    from steps_reached
    where step_index = 1 and not is_total
),

defined_steps as (
    select
        f.funnel_name,
        g.is_total,
        g.breakdown_value,
        s.step_index,
        ops.funnel_step_name(
            f.step_order, s.step ->> 'step_name', s.step_index, f.last_step
        ) as step_name
    from funnels as f
    inner join groups as g on f.funnel_name = g.funnel_name
    cross join lateral jsonb_array_elements(f.steps) with ordinality as s (step, step_index)
),

steps as (
    select
        d.funnel_name,
        d.is_total,
        d.breakdown_value,
        d.step_index,
        d.step_name,
        coalesce(r.users, 0) as users,
        lag(coalesce(r.users, 0)) over steps_in_order as users_before,
        first_value(coalesce(r.users, 0)) over steps_in_order as users_entered,
        r.total_seconds,
        r.all_seconds
    from defined_steps as d
    left join steps_reached as r
        on
            d.funnel_name = r.funnel_name
            and d.is_total = r.is_total
            and d.breakdown_value is not distinct from r.breakdown_value
            and d.step_index = r.step_index
    window steps_in_order as (
        partition by d.funnel_name, d.is_total, d.breakdown_value
        order by d.step_index
    )
),

final as (
    select
        funnel_name,
        is_total,
        breakdown_value,
        step_index::integer as step_index,
        step_name,
        users,
        case
            when step_index = 1 then 1
            else users::numeric / nullif(users_before, 0)
        end as conversion_rate,
        case
            when step_index = 1 then 0
            else 1 - users::numeric / nullif(users_before, 0)
        end as drop_off_rate,
        users::numeric / nullif(users_entered, 0) as overall_conversion_rate,
        total_seconds as total_seconds_from_previous,
        total_seconds / nullif(users, 0) as avg_seconds_from_previous,
        (all_seconds[(users + 1) / 2] + all_seconds[users / 2 + 1]) / 2
            as median_seconds_from_previous
    from steps
)

select *
from final
