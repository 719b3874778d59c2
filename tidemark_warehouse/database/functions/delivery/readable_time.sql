create or replace function ops.readable_time(written text) returns timestamptz
language plpgsql stable parallel safe set search_path = pg_catalog, pg_temp
set timezone = 'UTC' set datestyle = 'ISO, YMD'
as $$
declare
    read timestamptz;
begin
    -- Words such as 'now' and 'today' are times too, but of another clock.
    if written is null or written !~ '^\s*\d' then
        return null;
    end if;
    read := written::timestamptz;
    return case when isfinite(read) then read end;
exception
    when data_exception then
        return null;
end
$$;

comment on function ops.readable_time(text) is
'A time as the record of changes has it, in text; null where it cannot be read. Without a zone it is UTC.';
