create or replace function ops.entries_between(start_at timestamptz, end_at timestamptz) returns tstzrange
language plpgsql stable parallel safe set search_path = pg_catalog, pg_temp
as $$
begin
    if start_at is null and end_at is null then
        return '(,)'::tstzrange;
    end if;
    perform ops.check_span(coalesce(start_at, '1900-01-01 00:00:00+00'), coalesce(end_at, '2200-01-01 00:00:00+00'));
    return tstzrange(start_at, end_at, '[)');
end
$$;

comment on function ops.entries_between(timestamptz, timestamptz) is
'The times from start_at (included) to end_at (not); of either null, without that bound. Refuses absurd times and a range '
'without an instant.';

grant execute on function ops.entries_between(timestamptz, timestamptz) to tidemark_reader;
