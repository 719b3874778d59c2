{{ config(unique_key=['funnel_name']) }}

with

-- Ends this build, and that of all models above, where a row is wrong.
checked as materialized (
    select
        ops.refuse_definitions(
            array_agg(
                seed_file || ', row "' || row_key || '": ' || rule order by seed_file, row_key, rule
            )
        ) as is_right
    from {{ ref('int_funnel_problems__found') }}
),

steps as (
    select
        funnel_name,
        count(*)::integer as last_step,
        count(distinct event_name) < count(*)
        or (bool_or(event_name = '*') and count(*) > 1) as is_overlapping,
        jsonb_agg(
            jsonb_build_object(
                'step_name', coalesce(step_name, event_name),
                'event_name', event_name,
                'filters', ops.prepared_filters(ops.json_of(coalesce(filters, '[]')))
            )
            order by case when step_index ~ '^\d{1,4}$' then step_index::integer end
        ) as steps
    from {{ ref('funnel_steps') }}
    group by funnel_name
),

exclusions as (
    select
        funnel_name,
        jsonb_agg(
            jsonb_build_object(
                'event_name', event_name,
                'filters', ops.prepared_filters(ops.json_of(coalesce(filters, '[]')))
            )
            order by event_name, filters
        ) as exclusions
    from {{ ref('funnel_exclusions') }}
    group by funnel_name
),

funnels as (
    select
        f.funnel_name,
        f.environment,
        f.step_order,
        case
            when f.conversion_window_seconds ~ '^\d+(\.\d+)?$'
                then f.conversion_window_seconds::numeric
        end as window_seconds,
        f.breakdown_property,
        s.last_step,
        s.is_overlapping,
        s.steps,
        coalesce(x.exclusions, '[]') as exclusions
    from checked
    inner join {{ ref('funnels') }} as f on checked.is_right
    inner join steps as s on f.funnel_name = s.funnel_name
    left join exclusions as x on f.funnel_name = x.funnel_name
),

final as (
    select
        f.*,
        md5(
            jsonb_build_array(
                f.environment,
                f.step_order,
                f.window_seconds,
                f.breakdown_property,
                f.exclusions,
                (
                    select jsonb_agg(step.value - 'step_name' order by step.place)
                    from jsonb_array_elements(f.steps) with ordinality as step (value, place)
                )
            )::text
        ) as definition
    from funnels as f
)

select *
from final
