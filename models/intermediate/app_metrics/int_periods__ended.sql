{{ config(unique_key=['period']) }}

with

today as (
    select {{ local_date(as_of()) }} as date
),

final as (
    select
        period.name as period,
        period.last_start
    from today as t
    cross join lateral (
        values
        ('day', t.date - 1),
        ('week', (date_trunc('week', t.date::timestamp) - interval '1 week')::date),
        ('month', (date_trunc('month', t.date::timestamp) - interval '1 month')::date)
    ) as period (name, last_start)
)

select *
from final
