create or replace function api.clock()
returns table (now_at timestamptz, today date, time_zone text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
begin
    return query
    with known as (
        select
            coalesce(
                (
                    select b.as_of
                    from (
                        select w.as_of, w.built_at from ops.watermarks as w
                        union all
                        select l.as_of, l.looked_at from ops.looks as l
                    ) as b
                    order by b.built_at desc
                    limit 1
                ),
                now()
            ) as now_at,
            coalesce(
                (select s.value from ops.settings as s where s.name = 'reporting_timezone'), 'UTC'
            ) as time_zone
    )

    select
        k.now_at,
        (k.now_at at time zone k.time_zone)::date,
        k.time_zone
    from known as k;
end
$$;

comment on function api.clock() is
'What "now" and "today" are to the marts, and so to the functions that look back from them: one row. now_at: '
'the as_of of the latest build (now where nothing was built); today: its date in time_zone; time_zone: the '
'reporting time zone, in which days, weeks and months begin.';

grant execute on function api.clock() to tidemark_reader;
