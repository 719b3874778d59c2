create or replace function ops.sealed_spans(relations text[], units text[], zone text, since pg_snapshot default null)
returns table (unit text, from_at timestamptz, to_at timestamptz, from_date date, to_date date)
language sql stable set search_path = pg_catalog, pg_temp
as $$
    with gone as (
        select
            p.from_at,
            p.to_at
        from ops.sealed_periods as p
        where
            p.relation = any(relations)
            and case
                when since is null then p.reopened_xid is null
                else ops.is_unseen(p.reopened_xid, since)
            end
        union all
        select
            '-infinity',
            m.before_at
        from ops.purged_marts as m
        where m.relation = any(relations) and since is null
    ),

    widened as (
        select
            u.unit,
            range_agg(
                case u.unit
                    when 'instant' then tstzrange(g.from_at, g.to_at)
                    else tstzrange(
                        date_trunc(u.unit, g.from_at, zone),
                        ops.bucket_end(u.unit, g.to_at - interval '1 microsecond', zone)
                    )
                end
            ) as spans
        from gone as g
        cross join unnest(units) as u (unit)
        group by u.unit
    )

    select
        w.unit,
        lower(span),
        upper(span),
        (lower(span) at time zone zone)::date,
        (upper(span) at time zone zone)::date
    from widened as w
    cross join unnest(w.spans) as span
    order by w.unit, lower(span)
$$;

comment on function ops.sealed_spans(text[], text[], text, pg_snapshot) is
'Half-open times in which buckets of these units are sealed, because raw rows of the relations (or rows of '
'purged marts) are gone from some part of them. Unit instant: the periods as they are. With a snapshot: '
'the times that were restored since.';
