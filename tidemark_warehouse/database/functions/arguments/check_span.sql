create or replace function ops.check_span(start_at timestamptz, end_at timestamptz) returns void
language plpgsql stable parallel safe set timezone = 'UTC'
as $$
declare
    possible constant tstzrange := '[1900-01-01 00:00:00+00, 2200-01-01 00:00:00+00]';
    edge record;
begin
    for edge in values ('start_at', start_at), ('end_at', end_at) loop
        if edge.column2 is null or not possible @> edge.column2 then
            raise exception '% is %: from 1900-01-01 to 2200-01-01 are possible',
                edge.column1, coalesce(edge.column2::text, 'null')
                using errcode = 'invalid_parameter_value';
        end if;
    end loop;
    if start_at >= end_at then
        raise exception 'start_at % is not before end_at %', start_at, end_at
            using errcode = 'invalid_parameter_value',
            hint = 'The range is half-open: it holds start_at and ends before end_at.';
    end if;
end
$$;

comment on function ops.check_span(timestamptz, timestamptz) is
'Refuses times that are null, infinite or absurd, and ranges without an instant.';

grant execute on function ops.check_span(timestamptz, timestamptz) to tidemark_reader;
