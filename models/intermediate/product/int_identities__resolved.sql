{{ config(unique_key=['distinct_id']) }}

{% set affected %}
    -- A changed link moves every id that leads to it. The fence `offset 0` keeps look-ups by index.
    with recursive touched as (
        select l.distinct_id
        from {{ changed(ref('int_identities__linked')) }} as l
        union
        select one_before.distinct_id
        from touched as t
        cross join
            lateral (
                select b.distinct_id
                from {{ ref('int_identities__linked') }} as b
                where b.next_id = t.distinct_id
                offset 0  -- noqa: AM09
            ) as one_before
    )

    select touched.distinct_id
    from touched
{% endset %}

with

{{ scope(affected) }},

links as (
    select *
    from {{ ref('int_identities__linked') }}
    where {{ in_scope('distinct_id') }}
),

-- Most ids lead to one that leads nowhere. The others, and all that they pass.
chains as (
    with recursive passed as (
        select
            l.distinct_id,
            l.next_id
        from links as l
        inner join {{ ref('int_identities__linked') }} as n on l.next_id = n.distinct_id
        union
        select
            one_after.distinct_id,
            one_after.next_id
        from passed as p
        cross join
            lateral (
                select
                    a.distinct_id,
                    a.next_id
                from {{ ref('int_identities__linked') }} as a
                where a.distinct_id = p.next_id
                offset 0  -- noqa: AM09
            ) as one_after
    )

    select
        array_agg(passed.distinct_id) as ids,
        array_agg(passed.next_id) as next_ids
    from passed
),

ends as (
    select
        e.id as distinct_id,
        e.end_id as user_id
    from chains as c
    cross join lateral ops.chain_ends(c.ids, c.next_ids) as e
),

final as (
    select
        l.distinct_id,
        coalesce(e.user_id, l.next_id) as user_id
    from links as l
    left join ends as e on l.distinct_id = e.distinct_id
)

select *
from final
