create or replace function ops.person_condition(of_relation text, of_kinds text[]) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select string_agg(
        '(' || case
            when c.kind = 'rows' then c.only_where
            when c.kind in ('json', 'properties', 'context') then format('r.%I::text like any($2)', c.column_name)
            else format('r.%I = any($1)', c.column_name)
        end
        || case when c.kind <> 'rows' and c.only_where is not null then ' and ' || c.only_where else '' end || ')',
        ' or ' order by c.place
    )
    from ops.person_columns() as c
    where c.relation = of_relation and c.kind = any(of_kinds)
$$;

comment on function ops.person_condition(text, text[]) is
'The condition that a row r names one of the ids $1, whose patterns are $2, in columns of some kinds.';
