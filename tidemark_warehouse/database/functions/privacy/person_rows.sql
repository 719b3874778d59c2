create or replace function ops.person_rows(ids text[]) returns table (relation text, row_count bigint)
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    for relation in
        select c.relation from ops.person_columns() as c group by c.relation order by min(c.place)
    loop
        if to_regclass(relation) is not null then
            execute format(
                'select count(*) from %s as r where %s', relation,
                ops.person_condition(
                    relation, array['whose', 'rows', 'names', 'json', 'properties', 'context', 'delete']
                )
            ) into row_count using ids, ops.id_patterns(ids);
            if row_count > 0 then
                return next;
            end if;
        end if;
    end loop;
    foreach relation in array array['intermediate.int_alerts__raised'] loop
        if to_regclass(relation) is not null then
            execute format(
                'select count(*) from %s where entity_type in (''user'', ''employee'') and entity_id = any($1)',
                relation
            ) into row_count using ids;
            if row_count > 0 then
                return next;
            end if;
        end if;
    end loop;
    relation := 'raw.rejected_rows';
    select count(*) into row_count
    from raw.rejected_rows as j
    where concat_ws(' ', j.payload, j.reason) ~ ops.word_pattern(ids);
    if row_count > 0 then
        return next;
    end if;
end
$$;

comment on function ops.person_rows(text[]) is 'How many rows of which tables an erasure would rewrite or delete.';
