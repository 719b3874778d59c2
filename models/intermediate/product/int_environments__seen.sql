{{ config(unique_key=['environment']) }}

{% set affected %}
    select v.environment
    from {{ changed(ref('int_visits__attributed')) }} as v
{% endset %}

with

{{ scope(affected) }},

environments as (
    select distinct environment
    from scope
),

final as (
    select
        e.environment,
        latest.ended_at as latest_event_at
    from environments as e
    -- By an index of the visits: a build with one new event reads one of them.
    cross join
        lateral (  -- noqa: ST05
            select v.ended_at
            from {{ ref('int_visits__attributed') }} as v
            where v.environment = e.environment
            order by v.ended_at desc
            limit 1
        ) as latest
)

select *
from final
