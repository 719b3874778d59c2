create or replace function ops.is_quiet(quiet_from integer, quiet_to integer, at timestamptz) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select coalesce(
        case
            when quiet_from <= quiet_to then n.hour >= quiet_from and n.hour < quiet_to
            else n.hour >= quiet_from or n.hour < quiet_to
        end,
        false
    )
    from (
        select extract(hour from at at time zone coalesce(
            (select s.value from ops.settings as s where s.name = 'reporting_timezone'), 'UTC'
        )) as hour
    ) as n
$$;

comment on function ops.is_quiet(integer, integer, timestamptz) is
'Whether a channel is to be left alone at a time: from the hour quiet_from (included) to quiet_to (not) of the reporting '
'time zone; over midnight where the first is later. Without either: never.';

revoke execute on function ops.is_quiet(integer, integer, timestamptz) from public;
