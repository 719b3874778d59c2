create or replace function ops.check_dates(start_date date, end_date date) returns void
language plpgsql stable parallel safe set datestyle = 'ISO'
as $$
declare
    edge record;
begin
    for edge in values ('start_date', start_date), ('end_date', end_date) loop
        if edge.column2 is null or not edge.column2 between '1900-01-01' and '2200-01-01' then
            raise exception '% is %: from 1900-01-01 to 2200-01-01 are possible',
                edge.column1, coalesce(edge.column2::text, 'null')
                using errcode = 'invalid_parameter_value';
        end if;
    end loop;
    if start_date > end_date then
        raise exception 'start_date % is after end_date %', start_date, end_date
            using errcode = 'invalid_parameter_value', hint = 'Both dates belong to the range.';
    end if;
end
$$;

comment on function ops.check_dates(date, date) is
'Refuses dates that are null, infinite or absurd, and ranges that end before they start.';

grant execute on function ops.check_dates(date, date) to tidemark_reader;
