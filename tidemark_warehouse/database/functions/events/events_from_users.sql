create or replace function ops.events_from_users(
    buckets ops.event_bucket[],
    granularity text,
    names text[],
    environment text,
    breakdown_by text,
    user_id text,
    time_zone text
) returns setof ops.event_figure
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    days datemultirange;
    spans tstzmultirange;
    many boolean;
    parts text[] := '{}';
    reading text;
    asks_context boolean := false;
begin
    -- What lies in whole dates is known by user and date; the rest is read from raw.
    with pieces as (
        select
            b.from_at,
            b.to_at,
            case
                when ops.day_begins(f.date, time_zone) = b.from_at then f.date
                else f.date + 1
            end as first_date,
            (b.to_at at time zone time_zone)::date as end_date
        from unnest(buckets) as b
        cross join lateral (select (b.from_at at time zone time_zone)::date) as f (date)
    ),

    split as (
        select
            p.*,
            breakdown_by is null and p.first_date < p.end_date as has_days
        from pieces as p
    )

    select
        range_agg(daterange(s.first_date, s.end_date)) filter (where s.has_days),
        range_agg(r.span) filter (where not isempty(r.span))
    into days, spans
    from split as s
    cross join lateral (
        values
        (case when not s.has_days then tstzrange(s.from_at, s.to_at) end),
        (case when s.has_days then tstzrange(s.from_at, ops.day_begins(s.first_date, time_zone)) end),
        (case when s.has_days then tstzrange(ops.day_begins(s.end_date, time_zone), s.to_at) end)
    ) as r (span);

    if days is not null then
        perform ops.check_built('marts.user_activity');
        -- How often it was is known by day already: with counting by user the same took 1.6 times as long.
        parts := array_append(parts, $part$
            select
                d.bucket_start,
                null::text as value,
                a.user_id,
                %1$s as event_count
            from marts.user_activity as a
            inner join (%2$s) as d on a.date = d.date
            where
                a.date >= lower($2)
                and a.date < upper($2)
                and ($3 is null or a.events_breakdown ?| $3)
                and ($4 is null or a.environment = $4)
                and ($5 is null or a.user_id = $5)
        $part$);
        if user_id is null then
            perform ops.check_built('marts.event_counts_daily');
            parts := array_append(parts, $part$
                select
                    d.bucket_start,
                    null::text as value,
                    null::text as user_id,
                    sum(c.event_count)::bigint as event_count
                from marts.event_counts_daily as c
                inner join (%2$s) as d on c.bucket_start = d.day_start
                where
                    c.bucket_start >= lower($2)::timestamp at time zone $8
                    and c.bucket_start < upper($2)::timestamp at time zone $8
                    and ($3 is null or c.event_name = any($3))
                    and ($4 is null or c.environment = $4)
                group by d.bucket_start
            $part$);
        end if;
    end if;
    if spans is not null then
        perform ops.check_built('intermediate.int_events__attributed', 'intermediate.int_identities__resolved');
        perform ops.check_events_kept(spans);
        -- A context may hold what a property of the same name does not: it is asked for what event_breakdowns opens.
        asks_context := breakdown_by is not null and not exists (
            select
            from unnest(coalesce(names, '{*}')) as n (name)
            where not exists (
                select
                from seeds.event_breakdowns as b
                where b.property = breakdown_by and b.event_name in (n.name, '*')
            )
        );
        many := (select count(*) > 8 from unnest(spans));
        -- Few spans are written out: of a span that comes as a row the planner cannot know how long it is, and
        -- reading two half days of the most frequent event took 100 ms that way, 10 so. Many are read as one.
        parts := array_append(parts, $part$
            select
                %3$s as bucket_start,
                %4$s as value,
                e.user_id,
                count(*) as event_count
            from (%5$s) as e
            where
                ($3 is null or e.event_name = any($3))
                and ($4 is null or e.environment = $4)
                and (
                    $5 is null
                    or (
                        e.user_id = $5
                        and e.distinct_id = any(array(
                            select i.distinct_id from intermediate.int_identities__resolved as i
                            where i.user_id = $5
                            union all
                            select $5
                        ))
                    )
                )
            group by 1, 2, 3
        $part$);
        select
            string_agg(
                format(
                    'select * from intermediate.int_events__attributed where event_at >= %L and event_at < %L',
                    lower(r.span), upper(r.span)
                )
                || case when many then ' and event_at <@ $6' else '' end,
                ' union all '
            )
        into reading
        from unnest(case when many then array[range_merge(spans)] else array(select unnest(spans)) end) as r (span);
    end if;
    return query execute format(
        case
            -- Each part has a user once a bucket; only whole dates can be several in one.
            when days is null or (granularity = 'day' and environment is not null)
                then
                    'select u.bucket_start, u.value, sum(u.event_count)::bigint, count(u.user_id) from ('
                    || array_to_string(parts, ' union all ') || ') as u group by u.bucket_start, u.value'
            -- Grouped by user first: hashing takes half the time of the sort of count(distinct).
            else
                'select u.bucket_start, u.value, sum(u.event_count)::bigint, count(u.user_id) from ('
                'select u.bucket_start, u.value, u.user_id, sum(u.event_count) as event_count from ('
                || array_to_string(parts, ' union all ')
                || ') as u group by u.bucket_start, u.value, u.user_id) as u group by u.bucket_start, u.value'
        end,
        case
            when user_id is null then '0::bigint'
            when names is null then 'a.event_count'
            else (
                select string_agg(format('coalesce((a.events_breakdown ->> %L)::bigint, 0)', n.name), ' + ')
                from unnest(names) as n (name)
            )
        end,
        format(
            'select s.moment::date as date, %s as bucket_start, s.moment at time zone $8 as day_start '
            'from unnest($2) as r (dates) cross join lateral generate_series('
            'lower(r.dates)::timestamp, upper(r.dates) - interval ''1 day'', interval ''1 day'') as s (moment)',
            case
                when granularity = 'range' then '$1'
                else format('date_trunc(%L, s.moment) at time zone $8', granularity)
            end
        ),
        case
            when granularity = 'range' then '$1'
            else format('date_trunc(%L, e.event_at, $8)', granularity)
        end,
        -- Cut as event_breakdowns_daily cuts them.
        case
            when breakdown_by is null then 'null::text'
            when not asks_context then 'left(e.properties ->> $7, 600)'
            else 'left(coalesce(e.properties ->> $7, e.context ->> $7, (select s.attributes ->> $7 '
                'from staging.stg_product__sessions as s '
                'where s.environment = e.environment and s.session_id = e.session_id)), 600)'
        end,
        reading
    )
    using
        (buckets[1]).bucket_start, days, names, environment, user_id, spans, breakdown_by, time_zone;
end
$$;

comment on function ops.events_from_users(ops.event_bucket[], text, text[], text, text, text, text) is
'Any buckets, counted by user: whole dates from marts.user_activity, which outlives raw, the rest and every '
'breakdown from raw, by the view that the marts read.';
