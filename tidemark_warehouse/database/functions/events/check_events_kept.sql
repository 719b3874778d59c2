create or replace function ops.check_events_kept(spans tstzmultirange) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
declare
    gone timestamptz := (
        select min(greatest(p.from_at, lower(s)))
        from unnest(spans) as s
        inner join ops.sealed_periods as p on tstzrange(p.from_at, p.to_at) && s
        where p.relation = 'raw.events' and p.reopened_at is null
    );
begin
    if gone is not null then
        raise exception 'the events of % are not in raw any more', gone
            using errcode = 'invalid_parameter_value',
            hint = 'Marts still answer whole days: without breakdown_by for any events, users and environments, '
                || 'with it for properties of seeds/event_breakdowns.csv. "tidemark restore" brings raw back.';
    end if;
end
$$;

comment on function ops.check_events_kept(tstzmultirange) is
'Refuses to count from raw where retention has removed rows.';
