create or replace function ops.replace_person(ids text[], pseudonyms text[], archive_files integer) returns bigint
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
    new_erasure_id bigint;
    target text;
    records constant text[] := array['intermediate.int_alerts__raised'];
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
                'and ops.is_unseen(r._xid, w.seen))',
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
