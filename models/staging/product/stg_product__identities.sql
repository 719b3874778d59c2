with

source as (
    select *
    from {{ source('product', 'identities') }}
),

final as (
    select
        distinct_id,
        user_id,
        updated_at
    from source
)

select *
from final
