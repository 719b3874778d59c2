create or replace function ops.check_between(
    argument text, value double precision, lowest double precision, highest double precision
) returns void
language plpgsql immutable parallel safe
as $$
begin
    if value is null or not value between lowest and highest then
        raise exception '% is %: from % to % are possible', argument, coalesce(value::text, 'null'), lowest, highest
            using errcode = 'invalid_parameter_value';
    end if;
end
$$;

comment on function ops.check_between(text, double precision, double precision, double precision) is
'Refuses what is null, NaN or outside of a range of numbers, both ends included.';

grant execute on function ops.check_between(text, double precision, double precision, double precision) to tidemark_reader;
