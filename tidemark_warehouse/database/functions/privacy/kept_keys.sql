create or replace function ops.kept_keys(kind text) returns text[]
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
