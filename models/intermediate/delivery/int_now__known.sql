{{ config(unique_key=['now_at']) }}

with

final as (
    select
        {{ as_of() }} as now_at,
        {{ local_date(as_of()) }} as today
)

select *
from final
