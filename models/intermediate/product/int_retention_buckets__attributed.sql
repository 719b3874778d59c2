{{ config(unique_key=['retention_name', 'user_id', 'bucket_start']) }}

{% set affected %}
    select
        b.retention_name,
        coalesce(i.user_id, b.distinct_id) as user_id,
        b.bucket_start
    from {{ changed(ref('int_retention_buckets__filled')) }} as b
    left join {{ ref('int_identities__resolved') }} as i on b.distinct_id = i.distinct_id
    union all
    select
        b.retention_name,
        whose.user_id,
        b.bucket_start
    from {{ changed(ref('int_identities__resolved')) }} as i
    inner join {{ ref('int_retention_buckets__filled') }} as b on i.distinct_id = b.distinct_id
    cross join lateral unnest(array[i.user_id, i.distinct_id]) as whose (user_id)
    union all
    select
        b.retention_name,
        whose.user_id,
        b.bucket_start
    from {{ changed(ref('int_identities__resolved')) }} as i
    inner join {{ changed(ref('int_retention_buckets__filled')) }} as b
        on i.distinct_id = b.distinct_id
    cross join lateral unnest(array[i.user_id, i.distinct_id]) as whose (user_id)
{% endset %}

with

{{ scope(affected) }},

identities as (
    select *
    from {{ ref('int_identities__resolved') }}
    where {{ in_scope('user_id') }}
),

-- Ids of the users in scope: theirs by an identity, or their own.
buckets as (
    select
        b.*,
        i.user_id
    from {{ ref('int_retention_buckets__filled') }} as b
    inner join identities as i on b.distinct_id = i.distinct_id
    where {{ in_scope('b.retention_name', 'i.user_id', 'b.bucket_start') }}
    union all
    select
        b.*,
        b.distinct_id as user_id
    from {{ ref('int_retention_buckets__filled') }} as b
    left join {{ ref('int_identities__resolved') }} as i on b.distinct_id = i.distinct_id
    where
        i.distinct_id is null
        and {{ in_scope('b.retention_name', 'b.distinct_id as user_id', 'b.bucket_start') }}
),

exclusions as (
    select *
    from {{ ref('int_exclusions__parsed') }}
    where property = 'user_id'
),

final as (
    select
        b.retention_name,
        b.user_id,
        b.bucket_start,
        min(b.first_start_at) as first_start_at,
        (
            array_agg(b.breakdown_value order by b.first_start_at, b.first_start_event_id)
            filter (where b.first_start_at is not null)
        )[1] as breakdown_value,
        bool_or(b.has_returned) as has_returned
    from buckets as b
    where
        not exists (
            select
            from exclusions as x
            where {{ satisfies('to_jsonb(b.user_id)', 'x') }}
        )
    group by b.retention_name, b.user_id, b.bucket_start
)

select *
from final
