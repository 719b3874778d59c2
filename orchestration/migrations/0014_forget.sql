-- Erasure of a person: ids become pseudonyms that nothing remembers, attributes that could say who it was go.
-- tidemark forget calls these functions; docs/forget.md explains the rules.

create table ops.erasures (
    erasure_id bigint generated always as identity primary key,
    erased_at timestamptz not null default clock_timestamp(),
    by_role text not null default session_user,
    rows jsonb not null,
    archive_files integer not null,
    xid bigint not null default (pg_current_xact_id()::text::bigint),
    finished_at timestamptz
);

comment on table ops.erasures is
'One row an erasure of a person: when, by which role, how many rows of which tables and how many archived files. '
'Never whose. Finished once every model has followed and no replaced version of a row names the person.';

create table ops.erased_unseen (
    erasure_id bigint not null references ops.erasures on delete cascade,
    table_name text not null,
    key text not null,
    row_time timestamptz not null,
    primary key (erasure_id, table_name, key, row_time)
);

comment on table ops.erased_unseen is
'One row a raw row that some model had not consumed when an erasure rewrote it, in a table with sealed time: it '
'may still be late. The other rewritten rows are not, they were counted before.';

-- Where a person is named ----------------------------------------------------------------------

create function ops.person_columns()
returns table (place bigint, relation text, column_name text, kind text, only_where text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select
        c.place,
        c.relation,
        c.column_name,
        c.kind,
        c.only_where
    from rows from (
        jsonb_to_recordset('[
            {"r": "raw.workflow_instances", "c": "user_id", "k": "whose"},
            {"r": "raw.time_sessions", "c": "user_id", "k": "whose"},
            {"r": "raw.sessions", "c": "user_id", "k": "whose"},
            {"r": "raw.sessions", "k": "rows",
                "w": "r.user_id is null and exists (select from raw.events as e where (e.distinct_id = any($1) or e.user_id = any($1)) and e.session_id = r.session_id and coalesce(e.environment, ''production'') = r.environment)"},
            {"r": "raw.sessions", "k": "rows", "t": "intermediate.int_visits__cut",
                "w": "r.user_id is null and exists (select from intermediate.int_visits__cut as v where v.distinct_id = any($1) and v.session_id = r.session_id and v.environment = r.environment)"},
            {"r": "raw.sessions", "c": "session_id", "k": "names"},
            {"r": "raw.sessions", "c": "city", "k": "blank"},
            {"r": "raw.sessions", "c": "referrer", "k": "blank"},
            {"r": "raw.sessions", "c": "landing_page", "k": "blank"},
            {"r": "raw.sessions", "c": "exit_page", "k": "blank"},
            {"r": "raw.events", "c": "distinct_id", "k": "whose"},
            {"r": "raw.events", "c": "user_id", "k": "whose"},
            {"r": "raw.events", "c": "session_id", "k": "names"},
            {"r": "raw.events", "c": "page_url", "k": "blank"},
            {"r": "raw.events", "c": "referrer", "k": "blank"},
            {"r": "raw.events", "c": "properties", "k": "properties"},
            {"r": "raw.events", "c": "context", "k": "context"},
            {"r": "raw.identities", "c": "distinct_id", "k": "whose"},
            {"r": "raw.identities", "c": "user_id", "k": "whose"},
            {"r": "raw.feature_requests", "c": "assigned_to_id", "k": "names"},
            {"r": "raw.feature_request_changes", "c": "changed_by_id", "k": "names"},
            {"r": "raw.feature_request_changes", "c": "old_value", "k": "names", "w": "r.field = ''assigned_to_id''"},
            {"r": "raw.feature_request_changes", "c": "new_value", "k": "names", "w": "r.field = ''assigned_to_id''"},
            {"r": "raw.feature_comments", "c": "user_id", "k": "names"},
            {"r": "raw.user_activity_log", "c": "user_id", "k": "whose"},
            {"r": "raw.user_activity_log", "c": "entity_id", "k": "names",
                "w": "r.entity_type ~* ''(user|employee|person|member)''"},
            {"r": "raw.user_activity_log", "c": "metadata", "k": "json"},
            {"r": "raw.user_activity_log", "c": "metadata", "k": "blank"},
            {"r": "raw.dashboard_configurations", "c": "user_id", "k": "delete"},
            {"r": "raw.dashboard_configurations", "c": "layout_config", "k": "json"},
            {"r": "raw.dashboard_configurations", "c": "widget_settings", "k": "json"},
            {"r": "raw.alert_acknowledgements", "c": "acknowledged_by_id", "k": "names"},
            {"r": "raw.metric_points", "c": "tags", "k": "json"},
            {"r": "raw.employees", "c": "employee_id", "k": "whose"},
            {"r": "raw.employees", "c": "name", "k": "blank"},
            {"r": "raw.employee_metrics", "c": "employee_id", "k": "whose"},
            {"r": "raw.interventions", "c": "target_employee_id", "k": "names"},
            {"r": "ops.kept_funnel_attempts", "c": "user_id", "k": "whose"},
            {"r": "ops.kept_funnel_attempts", "c": "session_id", "k": "names"},
            {"r": "ops.kept_funnel_attempts", "c": "breakdown_value", "k": "names"},
            {"r": "ops.late_rows", "c": "key", "k": "names", "w": "r.table_name = ''employee_metrics''"},
            {"r": "intermediate.int_sessions__totalled", "c": "user_id", "k": "whose"},
            {"r": "intermediate.int_visits__cut", "c": "distinct_id", "k": "whose"},
            {"r": "intermediate.int_visits__cut", "c": "session_id", "k": "names"},
            {"r": "intermediate.int_visits__cut", "c": "landing_page", "k": "blank"},
            {"r": "intermediate.int_visits__cut", "c": "exit_page", "k": "blank"},
            {"r": "intermediate.int_visits__cut", "c": "referrer", "k": "blank"},
            {"r": "intermediate.int_visits__cut", "c": "city", "k": "blank"},
            {"r": "intermediate.int_identifications__dated", "c": "distinct_id", "k": "whose"},
            {"r": "intermediate.int_identifications__dated", "c": "user_id", "k": "whose"},
            {"r": "intermediate.int_retention_buckets__filled", "c": "distinct_id", "k": "whose"},
            {"r": "intermediate.int_retention_buckets__filled", "c": "breakdown_value", "k": "names"},
            {"r": "marts.funnel_conversions", "c": "user_id", "k": "whose"},
            {"r": "marts.funnel_conversions", "c": "session_id", "k": "names"},
            {"r": "marts.funnel_conversions", "c": "breakdown_value", "k": "names"},
            {"r": "marts.event_breakdowns_daily", "c": "value", "k": "names"},
            {"r": "marts.metric_aggregates", "c": "tags", "k": "json"},
            {"r": "marts.metric_sketches_hourly", "c": "tags", "k": "json"},
            {"r": "marts_people.employee_metrics_hourly", "c": "employee_id", "k": "whose"},
            {"r": "marts_people.employee_metrics_daily", "c": "employee_id", "k": "whose"},
            {"r": "snapshots.employees_history", "c": "employee_id", "k": "whose"},
            {"r": "snapshots.employees_history", "c": "name", "k": "blank"},
            {"r": "snapshots.employees_history", "c": "dbt_scd_id", "k": "random"},
            {"r": "snapshots.interventions_history", "c": "target_employee_id", "k": "names"}
        ]') as (r text, c text, k text, w text, t text)
    ) with ordinality as c (relation, column_name, kind, only_where, needs, place)
    where c.needs is null or to_regclass(c.needs) is not null
$$;
comment on function ops.person_columns() is
'The one list of where a person is named. Kinds: whose (an id; the row is about that person), rows (a condition '
'that says the same), names (an id, the row is not about them), json (ids among its strings), properties and '
'context (json; in the person''s rows only keys that definitions use stay), blank (null in the person''s rows), '
'random (a new value there), delete (an id; the row goes). Sessions stand before the events that lead to them.';

create function ops.id_patterns(ids text[]) returns text[]
language sql immutable set search_path = pg_catalog, pg_temp
as $$
    select array_agg('%' || regexp_replace(to_jsonb(i.id)::text, '([\\%_])', '\\\1', 'g') || '%')
    from unnest(ids) as i (id)
$$;
comment on function ops.id_patterns(text[]) is 'LIKE patterns of the texts of JSON in which an id is a string.';

create function ops.word_pattern(ids text[]) returns text
language sql immutable set search_path = pg_catalog, pg_temp
as $$
    select
        '(?<![[:alnum:]_])('
        || string_agg(regexp_replace(i.id, '([][\\.^$*+?(){}|])', '\\\1', 'g'), '|' order by length(i.id) desc)
        || ')(?![[:alnum:]_])'
    from unnest(ids) as i (id)
$$;
comment on function ops.word_pattern(text[]) is 'A regular expression that finds ids as whole words of a text.';

create function ops.renamed(value text, ids text[], pseudonyms text[]) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select coalesce(pseudonyms[array_position(ids, value)], value)
$$;

comment on function ops.renamed(text, text[], text[]) is 'A value, or the pseudonym in the place of an id.';

create function ops.renamed_json(content jsonb, ids text[], pseudonyms text[]) returns jsonb
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
    found text := content::text;
begin
    for i in 1 .. cardinality(ids) loop
        found := replace(found, to_jsonb(ids[i])::text, to_jsonb(pseudonyms[i])::text);
    end loop;
    return found::jsonb;
end
$$;
comment on function ops.renamed_json(jsonb, text[], text[]) is 'JSON with other strings in the place of some.';

create function ops.reduced_json(content jsonb, keys text[]) returns jsonb
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select case
        when content is null then null
        when jsonb_typeof(content) <> 'object' then '{}'
        else (
            select coalesce(jsonb_object_agg(e.key, e.value), '{}')
            from jsonb_each(content) as e
            where e.key = any(keys)
        )
    end
$$;
comment on function ops.reduced_json(jsonb, text[]) is 'JSON with only some of its keys.';

create function ops.kept_keys(kind text) returns text[]
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    definition record;
    found text[] := '{}';
    named text[];
begin
    if kind = 'context' then
        found := array['device_type', 'browser', 'os', 'country'];
    end if;
    for definition in
        select *
        from (
            values
            ('excluded_users', array['property'], '{}'::text[]),
            ('event_breakdowns', array['property'], '{}'),
            ('feature_events', array['duration_property', 'success_property'], '{}'),
            ('funnels', array['breakdown_property'], '{}'),
            ('funnel_steps', '{}', array['filters']),
            ('funnel_exclusions', '{}', array['filters']),
            ('retentions', array['breakdown_property'], array['start_filters', 'return_filters'])
        ) as d (seed, properties, filters)
        where to_regclass('seeds.' || d.seed) is not null and (kind <> 'context' or d.seed = 'excluded_users')
    loop
        execute format(
            'select array_agg(distinct k.name) from seeds.%I as s, lateral ('
            'select to_jsonb(s) ->> p.name from unnest($1) as p (name) union all '
            'select f.value ->> ''property'' from unnest($2) as p (name), lateral jsonb_array_elements('
            'case jsonb_typeof(ops.json_of(to_jsonb(s) ->> p.name)) '
            'when ''array'' then ops.json_of(to_jsonb(s) ->> p.name) else ''[]'' end) as f (value)'
            ') as k (name) where k.name is not null',
            definition.seed
        ) into named using definition.properties, definition.filters;
        found := found || coalesce(named, '{}');
    end loop;
    return found;
end
$$;
comment on function ops.kept_keys(text) is
'Which keys of a forgotten person''s events stay, of their properties or their context: those that definitions use.';

create function ops.person_condition(of_relation text, of_kinds text[]) returns text
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

-- Who it is ------------------------------------------------------------------------------------

create function ops.person_ids(given text) returns text[]
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    users text[] := array[given];
    ids text[];
    source text;
    found text[];
begin
    foreach source in array array['raw.identities', 'intermediate.int_identities__resolved'] loop
        if to_regclass(source) is not null then
            execute format('select array_agg(i.user_id) from %s as i where i.distinct_id = $1', source)
            into found using given;
            users := users || coalesce(found, '{}');
        end if;
    end loop;
    ids := users;
    foreach source in array array[
        'raw.identities', 'intermediate.int_identities__resolved', 'intermediate.int_identifications__dated',
        '(select e.distinct_id, e.user_id from raw.events as e '
        || 'where coalesce(e.event_type, ''track'') = ''identify'' and e.user_id is not null)'
    ] loop
        if source like '(%' or to_regclass(source) is not null then
            execute format('select array_agg(distinct i.distinct_id) from %s as i where i.user_id = any($1)', source)
            into found using users;
            ids := ids || coalesce(found, '{}');
        end if;
    end loop;
    return array(select distinct i.id from unnest(ids) as i (id) order by i.id);
end
$$;
comment on function ops.person_ids(text) is
'An id with those that belong to the same person: of a user all distinct ids, of a distinct id its user''s.';

create function ops.is_excluded(id text, of_property text) returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    answer boolean := false;
begin
    if to_regclass('intermediate.int_exclusions__parsed') is not null then
        execute
            'select exists (select from intermediate.int_exclusions__parsed as x where x.property = $2 '
            'and ops.passes(jsonb_build_object(''id'', $1), jsonb_build_array(jsonb_build_object('
            '''property'', ''id'', ''operator'', x.operator, ''operands'', to_jsonb(x.operands)))))'
        into answer using id, of_property;
    end if;
    return answer;
end
$$;
comment on function ops.is_excluded(text, text) is 'Whether excluded_users excludes a user_id or a distinct_id.';

create function ops.pseudonym(id text) returns text
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
    made text;
    is_device_out boolean := ops.is_excluded(id, 'distinct_id');
    is_user_out boolean := ops.is_excluded(id, 'user_id');
begin
    made := 'forgotten-' || case
        when is_device_out and is_user_out then 'uncounted-all-'
        when is_device_out then 'uncounted-id-'
        when is_user_out then 'uncounted-user-'
        else ''
    end || right(replace(gen_random_uuid()::text, '-', ''), 16);
    if ops.is_excluded(made, 'distinct_id') <> is_device_out or ops.is_excluded(made, 'user_id') <> is_user_out then
        raise exception using
            errcode = 'TM001',
            message = 'seeds/excluded_users.csv has a rule by which a pseudonym would count otherwise than the id';
    end if;
    return made;
end
$$;
comment on function ops.pseudonym(text) is
'A random name in the place of an id; who was excluded stays so (int_exclusions__parsed knows these names).';

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

-- What the engine does with it -----------------------------------------------------------------

create or replace function ops.note_late_rows(
    sealing_model text, marts text[], relation text, seen pg_snapshot, spans tstzmultirange
) returns bigint
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    noted bigint;
begin
    execute format(
        'insert into ops.late_rows (table_name, row_time, key, mart, model) '
        'select %1$L, %2$s, %3$s, m.mart, $1 from %4$s as r cross join unnest($2) as m (mart) '
        'where r._xid >= $3 and not pg_visible_in_snapshot(r._xid::text::xid8, $4) and %5$s '
        -- What an erasure has rewritten was counted before.
        'and not exists (select from ops.erasures as e where e.finished_at is null and e.xid = r._xid '
        'and not exists (select from ops.erased_unseen as u where u.erasure_id = e.erasure_id '
        'and u.table_name = %1$L and u.key = %3$s and u.row_time = %2$s)) '
        'on conflict do nothing',
        split_part(relation, '.', 2), ops.time_of(relation::regclass), ops.key_of(relation::regclass), relation,
        case
            when spans is null
                then 'exists (select from ops.sealed_workflows as k where k.instance_id = r.instance_id)'
            -- The bounds on their own, for the planner to leave out partitions.
            else format(
                '%1$s >= %2$L and %1$s < %3$L and %1$s <@ %4$L::tstzmultirange',
                ops.time_of(relation::regclass), lower(spans), upper(spans), spans
            )
        end
    ) using sealing_model, marts, pg_snapshot_xmin(seen)::text::bigint, seen;
    get diagnostics noted = row_count;
    return noted;
end
$$;

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
