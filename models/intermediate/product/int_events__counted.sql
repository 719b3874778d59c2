{{ config(materialized='view') }}

with

events as (
    select *
    from {{ ref('stg_product__events') }}
),

exclusions as (
    select *
    from {{ ref('int_exclusions__parsed') }}
),

final as (
    select
        e.event_id,
        e.event_type,
        e.event_name,
        e.event_at,
        e.distinct_id,
        e.user_id as own_user_id,
        e.session_id,
        e.environment,
        e.properties,
        e.context,
        e.page_url,
        e.referrer
    from events as e
    where
        -- An infinite time belongs to no date.
        isfinite(e.event_at)
        and not exists (
            select
            from exclusions as x
            where
                case x.property
                    when 'user_id'
                        then e.user_id is not null and {{ satisfies('to_jsonb(e.user_id)', 'x') }}
                    when 'distinct_id'
                        then {{ satisfies('to_jsonb(e.distinct_id)', 'x') }}
                    else {{ satisfies(
                        'coalesce(e.properties -> x.property, e.context -> x.property)', 'x'
                    ) }}
                end
        )
)

select *
from final
