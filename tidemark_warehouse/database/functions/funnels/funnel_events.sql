create or replace function ops.funnel_events(steps jsonb, exclusions jsonb, takes_all boolean)
returns table (event_name text, step_mask bigint, filtered jsonb)
language sql immutable parallel safe
as $$
    with rules as (
        select
            s.rule ->> 'event_name' as event_name,
            1::bigint << (s.number - 1)::integer as mask,
            s.rule -> 'filters' as filters
        from jsonb_array_elements(steps) with ordinality as s (rule, number)
        union all
        select
            x.rule ->> 'event_name' as event_name,
            1::bigint << 62 as mask,
            x.rule -> 'filters' as filters
        from jsonb_array_elements(exclusions) as x (rule)
    ),

    names as (
        select rules.event_name from rules
        union
        select '*' where takes_all
    )

    select
        n.event_name,
        coalesce(bit_or(r.mask) filter (where r.filters = '[]'), 0) as step_mask,
        jsonb_agg(jsonb_build_object('mask', r.mask, 'filters', r.filters) order by r.mask)
            filter (where r.filters <> '[]') as filtered
    from names as n
    left join rules as r on r.event_name in (n.event_name, '*')
    group by n.event_name
$$;

comment on function ops.funnel_events(jsonb, jsonb, boolean) is
'What an event of a name means to a funnel: bit k-1 of step_mask for step k, bit 62 for an exclusion; '
'filtered lists the bits that depend on its properties. The name * stands for all names beyond the '
'listed ones; takes_all lists it even where no step asks for it.';
