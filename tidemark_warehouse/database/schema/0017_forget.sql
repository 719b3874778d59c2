-- Erasure of a person: ids become pseudonyms that nothing remembers, attributes that could say who it was go.

-- What is there --------------------------------------------------------------------------------

create function ops.person_rows(ids text[]) returns table (relation text, row_count bigint)
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
    foreach relation in array array['intermediate.int_alerts__raised', 'intermediate.int_people_alerts__raised'] loop
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

create function ops.person_remains(ids text[]) returns table (relation text, row_count bigint)
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    for relation in
        select 'raw.intervention_audit_log'
        union all
        select s.oid::regclass::text
        from pg_class as s
        where s.relnamespace = 'seeds'::regnamespace and s.relkind = 'r'
    loop
        execute format('select count(*) from %s as r where (to_jsonb(r) - ''audit_id'')::text like any($1)', relation)
        into row_count using ops.id_patterns(ids);
        if row_count > 0 then
            return next;
        end if;
    end loop;
end
$$;
comment on function ops.person_remains(text[]) is
'Rows that name a person and that no erasure changes: of the audit log, which nobody edits, and of seeds, which '
'analysts do.';

-- Rewriting ------------------------------------------------------------------------------------

create function ops.rewrite_person(of_relation text, ids text[], pseudonyms text[]) returns bigint
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

create function ops.rename_alerts(record text, ids text[], pseudonyms text[]) returns bigint
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
    renamed bigint;
begin
    execute format(
        'create temporary table tide_alerts on commit drop as select r.alert_id as old_id, md5(jsonb_build_array('
        'r.rule_id, r.entity_type, ops.renamed(r.entity_id, $1, $2), r.period, r.period_start)::text) as new_id '
        'from %s as r where r.entity_type in (''user'', ''employee'') and r.entity_id = any($1)', record
    ) using ids, pseudonyms;
    execute format(
        'insert into ops.changes (relation, kind, row_image) select %1$L, ''old'', to_jsonb(r) '
        'from %1$s as r inner join pg_temp.tide_alerts as t on r.alert_id = t.old_id', record
    );
    execute format(
        'with fresh as (update %1$s as r set alert_id = t.new_id, entity_id = ops.renamed(r.entity_id, $1, $2), '
        -- A message that has the id within a word is not worth keeping.
        'alert_message = case when r.alert_message ~ ops.word_pattern(array[r.entity_id]) '
        'or strpos(r.alert_message, r.entity_id) = 0 then regexp_replace(r.alert_message, '
        'ops.word_pattern(array[r.entity_id]), ops.renamed(r.entity_id, $1, $2), ''g'') end '
        'from pg_temp.tide_alerts as t where r.alert_id = t.old_id returning r.*) '
        'insert into ops.changes (relation, kind, row_image) select %1$L, ''new'', to_jsonb(f) from fresh as f',
        record
    ) using ids, pseudonyms;
    get diagnostics renamed = row_count;
    -- An alert's id is a hash of whom it is about; who acknowledged it named it so.
    update raw.alert_acknowledgements as a
    set alert_id = t.new_id
    from pg_temp.tide_alerts as t
    where a.alert_id = t.old_id;
    drop table pg_temp.tide_alerts;
    return renamed;
end
$$;
comment on function ops.rename_alerts(text, text[], text[]) is
'The alerts about a person stay on record under a pseudonym, with their ids, messages and acknowledgements.';

create function ops.replace_person(ids text[], pseudonyms text[], archive_files integer) returns bigint
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
    new_erasure_id bigint;
    target text;
    records constant text[] := array['intermediate.int_alerts__raised', 'intermediate.int_people_alerts__raised'];
    counted jsonb := '{}';
    touched bigint;
begin
    -- Another name of an assignee is no change of the assignment.
    perform set_config('tidemark.record_changes', 'off', true);
    -- A build of one of these waits, or is waited for; a build takes one lock of this kind at a time.
    for target in
        select distinct c.relation
        from (select p.relation from ops.person_columns() as p union select unnest(records)) as c
        where c.relation !~ '^(raw|ops)\.' and to_regclass(c.relation) is not null
        order by 1
    loop
        execute format('lock table %s in share row exclusive mode', target);
    end loop;
    insert into ops.erasures (rows, archive_files) values ('{}', archive_files)
    returning erasure_id into new_erasure_id;
    for target in
        select c.relation from ops.person_columns() as c
        where to_regclass(c.relation) is not null
        group by c.relation
        order by min(c.place)
    loop
        if exists (select from ops.sealed_periods as p where p.relation = target and p.reopened_at is null) then
            execute format(
                'insert into ops.erased_unseen (erasure_id, table_name, key, row_time) '
                'select $3, %L, ops.renamed(%s, $1, $4), %s from %s as r where (%s) '
                'and %s is not null and exists (select from ops.watermarks as w where %L = any(w.reads) '
                'and not pg_visible_in_snapshot(r._xid::text::xid8, w.seen))',
                split_part(target, '.', 2), ops.key_of(target::regclass), ops.time_of(target::regclass), target,
                ops.person_condition(
                    target, array['whose', 'rows', 'names', 'json', 'properties', 'context']
                ),
                ops.time_of(target::regclass), target
            ) using ids, ops.id_patterns(ids), new_erasure_id, pseudonyms;
        end if;
        touched := ops.rewrite_person(target, ids, pseudonyms);
        if touched > 0 then
            counted := counted || jsonb_build_object(target, touched);
        end if;
    end loop;
    foreach target in array records loop
        if to_regclass(target) is not null then
            touched := ops.rename_alerts(target, ids, pseudonyms);
            if touched > 0 then
                counted := counted || jsonb_build_object(target, touched);
            end if;
        end if;
    end loop;
    delete from raw.rejected_rows as j
    where concat_ws(' ', j.payload, j.reason) ~ ops.word_pattern(ids);
    get diagnostics touched = row_count;
    if touched > 0 then
        counted := counted || jsonb_build_object('raw.rejected_rows', touched);
    end if;
    update ops.erasures as e set rows = counted where e.erasure_id = new_erasure_id;
    return new_erasure_id;
end
$$;
comment on function ops.replace_person(text[], text[], integer) is
'Everything of an erasure that happens in the database before the models follow; returns its id in ops.erasures.';

-- Versions that name the person -------------------------------------------------------------------

create function ops.forget_consumed_changes(kept interval) returns bigint
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
    gone bigint;
begin
    delete from ops.changes as c
    where
        (
            c.written_at < now() - kept
            or exists (select from ops.erasures as e where e.finished_at is null)
        )
        and not exists (
            select
            from ops.watermarks as w
            where c.relation = any(w.reads) and not pg_visible_in_snapshot(c.xid::text::xid8, w.seen)
        );
    get diagnostics gone = row_count;
    update ops.erasures as e
    set finished_at = clock_timestamp()
    where
        e.finished_at is null
        and not exists (
            select from ops.watermarks as w where not pg_visible_in_snapshot(e.xid::text::xid8, w.seen)
        )
        -- A model that has followed before one beneath it was built again.
        and not exists (
            select from ops.changes as c where c.xid >= e.xid and c.relation not like 'raw.%'
        );
    delete from ops.erased_unseen as u
    using ops.erasures as e
    where u.erasure_id = e.erasure_id and e.finished_at is not null;
    return gone;
end
$$;
comment on function ops.forget_consumed_changes(interval) is
'Removes versions that every reader has consumed and that are older than this; all of them while an erasure is not '
'finished, because they may name the person. Returns how many, and notes which erasures are finished with it.';

revoke execute on all functions in schema ops from public;
grant execute on function ops.ensure_partitions_for(regclass, timestamptz, timestamptz) to tidemark_loader;
