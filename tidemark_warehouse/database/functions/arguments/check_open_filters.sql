create or replace function ops.check_open_filters(argument text, events jsonb) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    used record;
begin
    -- Who may ask whether an address contains a letter has the address after a while.
    for used in
        select e.value ->> 'event_name' as event_name, f.value as filter
        from jsonb_array_elements(events) as e
        cross join lateral jsonb_array_elements(e.value -> 'filters') as f
    loop
        if not exists (
            select
            from ops.defined_filters() as d
            where d.filter = used.filter and d.event_name in (used.event_name, '*')
        ) then
            perform ops.check_open_property(
                format('a filter of %s', argument), used.filter ->> 'property', array[used.event_name]
            );
        end if;
    end loop;
end
$$;

comment on function ops.check_open_filters(text, jsonb) is
'Refuses filters on properties that are not open, unless a definition of the seeds has the very same filter. events: '
'steps or exclusions, as ops.adhoc_events prepares them.';
