create or replace function ops.bucket_end(unit text, moment timestamptz, zone text) returns timestamptz
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select case
        when unit in ('minute', 'hour') then date_trunc(unit, moment, zone) + ('1 ' || unit)::interval
        else (
            date_trunc(unit, moment at time zone zone)
            + case unit when 'quarter' then '3 months' else '1 ' || unit end::interval
        ) at time zone zone
    end
$$;

comment on function ops.bucket_end(text, timestamptz, text) is
'When the minute, hour, day, week, month or quarter of a moment ends in a zone.';
