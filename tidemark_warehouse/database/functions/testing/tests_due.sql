create or replace function ops.tests_due(as_of timestamptz) returns setof text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    zone constant text := coalesce((select s.value from ops.settings as s where s.name = 'reporting_timezone'), 'UTC');
begin
    return query
    select t.unique_id
    from ops.tests as t
    where
        t.seen is null
        or t.status is distinct from 'pass'
        -- Of what the engine remembers nobody logs the changes.
        or exists (select 1 from unnest(t.reads) as r (name) where r.name like 'ops.%')
        or (
            t.follows_clock
            and (t.as_of at time zone zone)::date <> (tests_due.as_of at time zone zone)::date
        );
end
$$;

comment on function ops.tests_due(timestamptz) is
'The data tests that are due though nothing was written: that never ran, whose date has changed, that read what the '
'engine remembers, or that did not pass the last time.';
