{{ config(unique_key=['employee_id', 'date']) }}

{% set affected %}
    select
        d.employee_id,
        d.date
    from {{ changed(ref('employee_metrics_daily')) }} as d
{% endset %}

with

{{ scope(affected) }},

days as (
    select *
    from {{ ref('employee_metrics_daily') }}
    where {{ in_scope('employee_id', 'date') }}
),

final as (
    select
        employee_id,
        date,
        burnout_score_max,
        {{ var('burnout_threshold') }}::double precision as threshold,
        case
            when burnout_score_max >= ({{ var('burnout_threshold') }} + 20)::double precision
                then 'critical'
            when burnout_score_max >= ({{ var('burnout_threshold') }} + 10)::double precision
                then 'high'
            else 'medium'
        end as severity
    from days
    where burnout_score_max > {{ var('burnout_threshold') }}::double precision
)

select *
from final
