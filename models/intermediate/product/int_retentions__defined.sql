{{ config(unique_key=['retention_name']) }}

with

-- Ends this build, and that of all models above, where a row is wrong.
checked as materialized (
    select
        ops.refuse_definitions(
            array_agg(
                seed_file || ', row "' || row_key || '": ' || rule order by seed_file, row_key, rule
            )
        ) as is_right
    from {{ ref('int_retention_problems__found') }}
),

retentions as (
    select
        r.retention_name,
        r.environment,
        r.period,
        case when r.periods ~ '^\d{1,6}$' then r.periods::integer end as periods,
        r.cohort_type,
        coalesce(r.return_mode, 'on') as return_mode,
        r.breakdown_property,
        jsonb_build_array(
            jsonb_build_object(
                'event_name', r.start_event,
                'filters', ops.prepared_filters(ops.json_of(coalesce(r.start_filters, '[]')))
            ),
            jsonb_build_object(
                'event_name', r.return_event,
                'filters', ops.prepared_filters(ops.json_of(coalesce(r.return_filters, '[]')))
            )
        ) as events
    from checked
    inner join {{ ref('retentions') }} as r on checked.is_right
),

final as (
    select
        *,
        md5(jsonb_build_array(environment, period, breakdown_property, events)::text) as definition
    from retentions
)

select *
from final
