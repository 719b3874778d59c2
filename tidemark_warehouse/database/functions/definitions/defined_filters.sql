create or replace function ops.defined_filters() returns table (event_name text, filter jsonb)
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    definition record;
begin
    for definition in
        select *
        from (
            values
            ('funnel_steps', 'event_name', 'filters'),
            ('funnel_exclusions', 'event_name', 'filters'),
            ('retentions', 'start_event', 'start_filters'),
            ('retentions', 'return_event', 'return_filters')
        ) as d (seed, event_column, filter_column)
        where to_regclass('seeds.' || d.seed) is not null
    loop
        return query execute format(
            'select s.%I, f.value from seeds.%I as s '
            'cross join lateral jsonb_array_elements(ops.prepared_filters(ops.json_of(s.%I))) as f (value)',
            definition.event_column, definition.seed, definition.filter_column
        );
    end loop;
end
$$;

comment on function ops.defined_filters() is
'The filters that funnels and retentions of the seeds have, as ops.passes reads them: one row an event and filter.';
