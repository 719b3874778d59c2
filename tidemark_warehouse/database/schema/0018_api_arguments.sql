-- What the functions of schema api share: the clock, the checks of their arguments, and of what is there.

create table ops.settings (
    name text primary key,
    value text not null,
    changed_at timestamptz not null default clock_timestamp()
);
comment on table ops.settings is
'What builds were told that queries must know as well: reporting_timezone. Written when a build starts.';

create function ops.keep_setting(name text, value text) returns void
language sql set search_path = pg_catalog, pg_temp
as $$
    insert into ops.settings (name, value)
    select keep_setting.name, keep_setting.value
    where not exists (
        select from ops.settings as s where s.name = keep_setting.name and s.value = keep_setting.value
    )
    on conflict (name) do update set value = excluded.value, changed_at = clock_timestamp()
$$;
comment on function ops.keep_setting(text, text) is 'Writes a setting down, unless it has this value already.';

create function api.clock()
returns table (now_at timestamptz, today date, time_zone text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
begin
    return query
    with known as (
        select
            coalesce((select w.as_of from ops.watermarks as w order by w.built_at desc limit 1), now()) as now_at,
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

-- Checks: each names the argument, its value and what is possible --------------------------------

create function ops.check_given(argument text, value text) returns void
language plpgsql immutable parallel safe
as $$
begin
    if value is null then
        raise exception '% is null: a value is needed', argument using errcode = 'invalid_parameter_value';
    end if;
end
$$;
comment on function ops.check_given(text, text) is 'Refuses a null.';

create function ops.check_between(
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

create function ops.check_one_of(argument text, value text, possible text[]) returns void
language plpgsql immutable parallel safe
as $$
begin
    if value is null or value <> all(possible) then
        raise exception '% is %: one of % is possible',
            argument, coalesce('"' || left(value, 100) || '"', 'null'), array_to_string(possible, ', ')
            using errcode = 'invalid_parameter_value';
    end if;
end
$$;
comment on function ops.check_one_of(text, text, text[]) is 'Refuses a word that is not in a list.';

create function ops.check_span(start_at timestamptz, end_at timestamptz) returns void
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

create function ops.check_dates(start_date date, end_date date) returns void
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

create function ops.check_built(variadic relations text[]) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    relation text;
begin
    foreach relation in array relations loop
        if to_regclass(relation) is null then
            raise exception '% has not been built yet', relation
                using errcode = 'object_not_in_prerequisite_state', hint = 'Run: tidemark build';
        end if;
    end loop;
end
$$;
comment on function ops.check_built(text[]) is 'Says so where a relation is missing, for migrations come before builds.';

create function ops.check_people_reader() returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    if not has_schema_privilege('marts_people', 'usage') then
        raise exception '% may not read about people', current_user
            using errcode = 'insufficient_privilege',
            hint = 'Connect as tidemark_people_reader: tidemark url --role tidemark_people_reader';
    end if;
end
$$;
comment on function ops.check_people_reader() is
'Refuses whoever is not in tidemark_people_reader. To be called by functions that run with the rights of their '
'caller: the grants refuse as well, but say less.';

-- Functions of api run with the rights of their caller where they can, and call these checks. No table of
-- ops is granted with them.
revoke execute on all functions in schema ops, api from public;
grant usage on schema ops to tidemark_reader;
grant execute on function
ops.check_given(text, text),
ops.check_between(text, double precision, double precision, double precision),
ops.check_one_of(text, text, text[]),
ops.check_span(timestamptz, timestamptz),
ops.check_dates(date, date),
ops.check_built(text[]),
ops.check_people_reader(),
api.clock()
to tidemark_reader;
