create or replace function ops.chain(old_values text[], new_values text[], start_value text) returns integer[]
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    with recursive edge as (
        select place, old_values[place] as old_value, new_values[place] as new_value
        from generate_subscripts(old_values, 1) as place
    ),

    -- Of equal changes the first is tried only: in another order they would say the same.
    walk as (
        select start_value as reached, '{}'::integer[] as places
        union all
        select e.new_value, w.places || e.place
        from walk as w
        inner join edge as e on w.reached = e.old_value and e.place <> all(w.places)
        where not exists (
            select from edge as twin
            where
                twin.old_value = e.old_value
                and twin.new_value = e.new_value
                and twin.place < e.place
                and twin.place <> all(w.places)
        )
    )

    select places from walk
    where cardinality(places) = cardinality(old_values)
    order by places
    limit 1
$$;

comment on function ops.chain(text[], text[], text) is
'The places of changes in an order in which each begins where the one before it ended, the first at '
'start_value; the smallest such order, null where there is none.';
