create or replace function ops.check_open_property(argument text, property text, events text[]) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    closed_event text;
begin
    if property is null or has_table_privilege(session_user, 'raw.events', 'select') then
        return;
    end if;
    select e.name into closed_event
    from unnest(coalesce(events, '{*}')) as e (name)
    where not exists (
        select
        from ops.open_properties() as o
        where o.property = check_open_property.property and o.event_name in (e.name, '*')
    )
    order by e.name
    limit 1;
    if closed_event is not null then
        raise exception '% is "%", which is not open for %: these are: %',
            argument,
            left(property, 100),
            case closed_event when '*' then 'all events' else format('the event "%s"', left(closed_event, 100)) end,
            coalesce(
                (
                    select string_agg(distinct o.property, ', ' order by o.property)
                    from ops.open_properties() as o
                    where o.event_name in (closed_event, '*')
                ),
                'none'
            )
            using errcode = 'invalid_parameter_value',
            hint = 'Values of other properties may be personal. The owner opens one by a row of '
                || 'seeds/event_breakdowns.csv and a build.';
    end if;
end
$$;

comment on function ops.check_open_property(text, text, text[]) is
'Refuses a property that no definition publishes (ops.open_properties), for each of the events (null: for all); not to '
'those who may read raw events themselves.';
