{{ config(materialized='view') }}

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
    e.referrer,
    e._xid
from {{ ref('stg_product__events') }} as e
where
    -- An infinite time belongs to no date.
    e.event_at > '-infinity'
    and e.event_at < 'infinity'
    and not {{ rare(is_listed('e.distinct_id', 'distinct_id')) }}
    and not {{ rare(is_listed('e.user_id', 'user_id')) }}
    and not exists (
        select
        from {{ ref('int_exclusions__parsed') }} as x
        where
            (x.property not in ('user_id', 'distinct_id') or x.operator not in ('eq', 'contains'))
            and {{ rare("case x.property
                when 'user_id'
                    then e.user_id is not null and " ~ satisfies('to_jsonb(e.user_id)', 'x') ~ "
                when 'distinct_id'
                    then " ~ satisfies('to_jsonb(e.distinct_id)', 'x') ~ "
                else " ~ satisfies('coalesce(e.properties -> x.property, e.context -> x.property)', 'x') ~ "
            end") }}
    )
