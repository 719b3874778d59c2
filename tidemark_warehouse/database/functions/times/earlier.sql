create or replace function ops.earlier(moment timestamptz, span interval) returns timestamptz
language sql stable parallel safe
as $$
    select case
        when moment >= timestamptz '4714-11-24 00:00:00+00 BC' + least(span, interval '290000 years')
            then moment - span
        else '-infinity'
    end
$$;

comment on function ops.earlier(timestamptz, interval) is
'A time and a span of at most 290,000 years taken from it; -infinity where the type begins.';
