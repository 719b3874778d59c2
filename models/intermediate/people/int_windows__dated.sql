{{ config(unique_key=['window_days']) }}

-- Apart from the marts, so that they are computed again when the date moves, not at every build.
with

windows as (
    select lengths.window_days
    from (
        values
        (7),
        (30),
        (90),
        (365)
    ) as lengths (window_days)
),

final as (
    select
        window_days,
        {{ local_date(as_of()) }} - window_days + 1 as first_date,
        {{ local_date(as_of()) }} as last_date
    from windows
)

select *
from final
