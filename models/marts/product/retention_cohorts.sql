{{
    config(
        unique_key=['retention_name', 'is_total', 'breakdown_value', 'cohort_start', 'period_index']
    )
}}

{% set affected %}
    -- A user's bucket touches their cohort of it, earlier ones to which they return, and, where
    -- only the first one counts, later ones.
    select
        b.retention_name,
        b.bucket_start as cohort_start
    from {{ changed(ref('int_retention_buckets__attributed')) }} as b
    union all
    select
        own.retention_name,
        own.bucket_start as cohort_start
    from {{ changed(ref('int_retention_buckets__attributed')) }} as b
    inner join {{ ref('int_retentions__defined') }} as r on b.retention_name = r.retention_name
    inner join {{ ref('int_retention_buckets__attributed') }} as own
        on
            b.retention_name = own.retention_name
            and b.user_id = own.user_id
            and own.first_start_at is not null
            and (
                r.cohort_type = 'first_time'
                or (
                    b.bucket_start >= own.bucket_start
                    and (
                        r.return_mode = 'on_or_after'
                        or own.bucket_start
                        >= b.bucket_start - {{ longest_span('r.period', 'r.periods') }}
                    )
                )
            )
    union all
    select
        r.retention_name,
        b.bucket_start as cohort_start
    from {{ changed(ref('int_retentions__defined')) }} as r
    inner join {{ ref('int_retention_buckets__attributed') }} as b
        on r.retention_name = b.retention_name
    union all
    -- A bucket has begun, or has not any more: cohorts that reach so far.
    select
        r.retention_name,
        b.bucket_start as cohort_start
    from {{ changed(ref('int_environments__seen')) }} as e
    inner join {{ ref('int_retentions__defined') }} as r on r.environment in (e.environment, '*')
    inner join {{ ref('int_retention_buckets__attributed') }} as b
        on
            r.retention_name = b.retention_name
            and b.bucket_start >= e.latest_event_at - {{ longest_span('r.period', 'r.periods') }}
{% endset %}

with

{{ scope(affected) }},

retentions as (
    select
        r.*,
        (
            select
                date_trunc(r.period, max(e.latest_event_at), '{{ var("reporting_timezone") }}')
            from {{ ref('int_environments__seen') }} as e
            where r.environment in (e.environment, '*')
        ) as latest_start
    from {{ ref('int_retentions__defined') }} as r
    where {{ in_scope('r.retention_name') }}
),

members as (
    select
        b.retention_name,
        b.user_id,
        b.bucket_start as cohort_start,
        b.breakdown_value
    from {{ ref('int_retention_buckets__attributed') }} as b
    inner join retentions as r on b.retention_name = r.retention_name
    where
        b.first_start_at is not null
        and {{ in_scope('b.retention_name', 'b.bucket_start as cohort_start') }}
        and (
            r.cohort_type = 'recurring'
            or not exists (
                select
                from {{ ref('int_retention_buckets__attributed') }} as earlier
                where
                    earlier.retention_name = b.retention_name
                    and earlier.user_id = b.user_id
                    and earlier.bucket_start < b.bucket_start
                    and earlier.first_start_at is not null
            )
        )
),

returns_of_members as (
    select
        m.retention_name,
        m.user_id,
        m.cohort_start,
        m.breakdown_value,
        r.return_mode,
        r.periods,
        {{ buckets_between('r.period', 'm.cohort_start', 'b.bucket_start') }} as period_index
    from members as m
    inner join retentions as r on m.retention_name = r.retention_name
    inner join {{ ref('int_retention_buckets__attributed') }} as b
        on
            m.retention_name = b.retention_name
            and m.user_id = b.user_id
            and b.has_returned
            and m.cohort_start < b.bucket_start
            and (
                r.return_mode = 'on_or_after'
                or b.bucket_start <= m.cohort_start + {{ longest_span('r.period', 'r.periods') }}
            )
),

periods_of_members as (
    select
        retention_name,
        cohort_start,
        breakdown_value,
        period_index
    from returns_of_members
    where return_mode = 'on' and period_index < periods
    union all
    -- Who returns in a later bucket has not been lost in those before it.
    select
        retention_name,
        cohort_start,
        breakdown_value,
        generate_series(1, least(max(period_index), max(periods) - 1)) as period_index
    from returns_of_members
    where return_mode = 'on_or_after'
    group by retention_name, user_id, cohort_start, breakdown_value
),

returned_users as (
    select
        retention_name,
        cohort_start,
        breakdown_value,
        period_index,
        count(*) as returned_users
    from periods_of_members
    group by retention_name, cohort_start, breakdown_value, period_index
),

cohorts as (
    select
        retention_name,
        cohort_start,
        breakdown_value,
        count(*) as cohort_size
    from members
    group by retention_name, cohort_start, breakdown_value
),

-- Only cohorts and periods that have begun by the latest event of the environment. The first period
-- is the cohort.
periods_of_cohorts as (
    select
        c.retention_name,
        c.cohort_start,
        c.breakdown_value,
        r.breakdown_property is not null as is_broken_down,
        begun.period_index,
        c.cohort_size,
        case begun.period_index
            when 0 then c.cohort_size else coalesce(u.returned_users, 0)
        end as returned_users
    from cohorts as c
    inner join retentions as r
        on c.retention_name = r.retention_name and c.cohort_start <= r.latest_start
    cross join
        lateral generate_series(
            0,
            least(
                r.periods - 1,
                {{ buckets_between('r.period', 'c.cohort_start', 'r.latest_start') }}
            )
        ) as begun (period_index)
    left join returned_users as u
        on
            c.retention_name = u.retention_name
            and c.cohort_start = u.cohort_start
            and c.breakdown_value is not distinct from u.breakdown_value
            and begun.period_index = u.period_index
),

totals_and_breakdowns as (
    select
        retention_name,
        true as is_total,
        null as breakdown_value,
        cohort_start,
        period_index,
        sum(cohort_size)::bigint as cohort_size,
        sum(returned_users)::bigint as returned_users
    from periods_of_cohorts
    group by retention_name, cohort_start, period_index
    union all
    select
        retention_name,
        false as is_total,
        breakdown_value,
        cohort_start,
        period_index,
        cohort_size,
        returned_users
    from periods_of_cohorts
    where is_broken_down
),

final as (
    select
        retention_name,
        is_total,
        breakdown_value,
        cohort_start,
        period_index,
        cohort_size,
        returned_users,
        returned_users::numeric / cohort_size as retention_rate,
        {{ local_date('cohort_start') }} as cohort_date
    from totals_and_breakdowns
)

select *
from final
