create or replace function ops.same_key(program ops.programs) returns text
language sql immutable set search_path = pg_catalog, pg_temp
as $$
    -- Plain equality where there can be no null: it makes a hash join.
    select string_agg(
        format(
            case when k.name = any(program.required) then 't.%1$I = r.%1$I' else 't.%1$I is not distinct from r.%1$I' end,
            k.name
        ),
        ' and ' order by k.place
    )
    from unnest(program.key) with ordinality as k (name, place)
$$;

comment on function ops.same_key(ops.programs) is
'The condition that a standing row t and a row r of the result have the same key.';
