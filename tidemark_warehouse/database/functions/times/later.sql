create or replace function ops.later(moment timestamptz, span interval) returns timestamptz
language sql stable parallel safe
as $$
    select case
        when moment <= timestamptz '294276-12-31 23:59:59.999999+00' - least(span, interval '290000 years')
            then moment + span
        else 'infinity'
    end
$$;

comment on function ops.later(timestamptz, interval) is
'A time and a span of at most 290,000 years added; infinity where the type ends.';
