-- Where a person is named, and who a person is. tidemark forget asks; docs/forget.md explains the rules.

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
