create or replace function ops.prepared_filters(filters jsonb) returns jsonb
language sql immutable parallel safe
as $$
    select coalesce(jsonb_agg(jsonb_build_object(
        'property', f.rule ->> 'property',
        'operator', f.rule ->> 'operator',
        'operands', case
            when jsonb_typeof(f.rule -> 'value') = 'array' then f.rule -> 'value'
            when f.rule ? 'value' then jsonb_build_array(f.rule -> 'value')
            else '[]'
        end
    ) order by f.number), '[]')
    from jsonb_array_elements(
        case when jsonb_typeof(filters) = 'array' then filters else '[]' end
    ) with ordinality as f (rule, number)
$$;

comment on function ops.prepared_filters(jsonb) is
'Filters, each with its list of operands, as ops.passes reads them.';
