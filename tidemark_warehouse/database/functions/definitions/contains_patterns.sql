create or replace function ops.contains_patterns(operands jsonb[]) returns text[]
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select array(
        select '%' || regexp_replace(lower(o.value #>> '{}'), '([\\%_])', '\\\1', 'g') || '%'
        from unnest(operands) as o (value)
    )
$$;

comment on function ops.contains_patterns(jsonb[]) is
'The LIKE patterns, for lower-case texts, of texts that contain one of the operands.';
