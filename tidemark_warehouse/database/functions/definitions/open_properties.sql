create or replace function ops.open_properties() returns table (event_name text, property text)
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    if to_regclass('seeds.event_breakdowns') is not null then
        return query select b.event_name, b.property from seeds.event_breakdowns as b;
    end if;
    if to_regclass('seeds.funnels') is not null and to_regclass('seeds.funnel_steps') is not null then
        return query
        select s.event_name, f.breakdown_property
        from seeds.funnels as f
        inner join seeds.funnel_steps as s on f.funnel_name = s.funnel_name
        where f.breakdown_property is not null;
    end if;
    if to_regclass('seeds.retentions') is not null then
        return query
        select r.start_event, r.breakdown_property
        from seeds.retentions as r
        where r.breakdown_property is not null;
    end if;
end
$$;

comment on function ops.open_properties() is
'The properties that readers may break down by and filter on: those whose values stand in a mart, because a row of '
'event_breakdowns, funnels or retentions breaks down by them. One row an event (* is all) and property.';
