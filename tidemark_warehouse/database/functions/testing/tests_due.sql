create or replace function ops.tests_due(as_of timestamptz) returns setof text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    zone constant text := coalesce((select s.value from ops.settings as s where s.name = 'reporting_timezone'), 'UTC');
    readers constant ops.reader[] := array(
        select row(t.unique_id, t.reads, t.seen)::ops.reader
        from ops.tests as t
        where t.seen is not null
    );
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
        )
        or t.unique_id in (select b.name from ops.readers_behind(readers) as b);
end
$$;

comment on function ops.tests_due(timestamptz) is
'The data tests that have not seen changes of what they read, whoever made them, whose date has changed, or that did not '
'pass the last time.';
