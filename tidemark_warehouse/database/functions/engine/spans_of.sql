create or replace function ops.spans_of(relations text[], unit text, zone text, since pg_snapshot)
returns table (spans tstzmultirange, dates datemultirange)
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select
        coalesce(range_agg(tstzrange(s.from_at, s.to_at)), '{}'),
        coalesce(range_agg(daterange(s.from_date, s.to_date)), '{}')
    from ops.sealed_spans(relations, array_remove(array[spans_of.unit], ''), zone, since) as s
$$;

comment on function ops.spans_of(text[], text, text, pg_snapshot) is
'ops.sealed_spans of one unit as one value, of instants and of dates.';
