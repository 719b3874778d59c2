create or replace function ops.rewrite_person(of_relation text, ids text[], pseudonyms text[]) returns bigint
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
    named text := ops.person_condition(
        of_relation, array['whose', 'rows', 'names', 'json', 'properties', 'context']
    );
    whose text := coalesce(ops.person_condition(of_relation, array['whose', 'rows']), 'false');
    is_model boolean := of_relation ~ '^(intermediate|marts|marts_people)\.';
    patterns text[] := ops.id_patterns(ids);
    assignments text;
    rewritten bigint := 0;
    deleted bigint := 0;
    gone text := ops.person_condition(of_relation, array['delete']);
begin
    if gone is not null then
        execute format('delete from %s as r where %s', of_relation, gone) using ids, patterns;
        get diagnostics deleted = row_count;
    end if;
    -- One assignment a column; a column of two kinds (json and blank) is blank in the person's rows.
    select string_agg(
        format(
            '%1$I = case ', a.column_name
        ) || case
            when 'blank' = any(a.kinds) then format('when %s then null ', whose)
            when 'random' = any(a.kinds) then format('when %s then md5(gen_random_uuid()::text) ', whose)
            when a.kinds && array['properties', 'context'] then format(
                'when %1$s then ops.renamed_json(ops.reduced_json(r.%2$I, %3$L), $1, $3) ',
                whose, a.column_name, ops.kept_keys(a.kinds[1])
            )
            else 'when false then null '
        end || format('when %s then ', coalesce(a.only_where, 'true')) || case
            when a.kinds && array['json', 'properties', 'context']
                then format('ops.renamed_json(r.%I, $1, $3)', a.column_name)
            when a.kinds && array['whose', 'names'] then format('ops.renamed(r.%I, $1, $3)', a.column_name)
            else format('r.%I', a.column_name)
        end || format(' else r.%I end', a.column_name),
        ', '
    ) into assignments
    from (
        select
            c.column_name,
            array_agg(c.kind order by c.place) as kinds,
            max(c.only_where) as only_where
        from ops.person_columns() as c
        where c.relation = of_relation and c.kind not in ('rows', 'delete')
        group by c.column_name
    ) as a;
    if is_model then
        execute format(
            'create temporary table tide_named on commit drop as select r.ctid as place, to_jsonb(r) as image '
            'from %s as r where %s', of_relation, named
        ) using ids, patterns;
        insert into ops.changes (relation, kind, row_image)
        select of_relation, 'old', n.image from pg_temp.tide_named as n;
        execute format(
            'with fresh as (update %1$s as r set %2$s from pg_temp.tide_named as n where r.ctid = n.place '
            'returning r.*) '
            'insert into ops.changes (relation, kind, row_image) select %1$L, ''new'', to_jsonb(f) from fresh as f',
            of_relation, assignments
        ) using ids, patterns, pseudonyms;
        get diagnostics rewritten = row_count;
        drop table pg_temp.tide_named;
    else
        execute format('update %s as r set %s where %s', of_relation, assignments, named)
        using ids, patterns, pseudonyms;
        get diagnostics rewritten = row_count;
    end if;
    return rewritten + deleted;
end
$$;

comment on function ops.rewrite_person(text, text[], text[]) is
'Puts pseudonyms into the rows of one table that name a person; of a model, its old and new rows are logged for '
'the models above, as a build does. Returns how many rows it was.';
